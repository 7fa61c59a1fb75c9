/**
 * The short form of bench/mutated.ts over sockets: mutated requests and responses at both sides of a daemon.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { runSockets } from '../../bench/mutated/socket-run.ts'
import { CLIENT_SECRET, Daemon, PACKET_IO, serverEntry } from './kit/daemon.ts'
import { freePort } from './kit/ports.ts'

const SERVER_SECRET = 'between-proxy-and-server'

describe('mutated packets at both sides of a daemon', () => {
  let daemon: Daemon | undefined
  afterEach(async () => await daemon?.kill())

  it('crash nothing, nobody gets a wrong answer, and every good request is answered', async () => {
    const serverPorts = { authentication: await freePort(), accounting: await freePort() }
    const [authPort, acctPort] = [serverPorts.authentication, serverPorts.accounting]
    const running = await Daemon.start({
      log: { level: 'error' },
      clients: [{ name: 'any', address: '127.0.0.0/8', secret: CLIENT_SECRET, require_message_authenticator: 'no' }],
      farm: {
        servers: [
          serverEntry('any', { authPort, acctPort, secret: SERVER_SECRET }, { require_message_authenticator: 'no' }),
        ],
      },
    })
    daemon = running
    const run = await runSockets({
      count: 4_000,
      seed: 2_026,
      clientSecret: CLIENT_SECRET,
      serverSecret: SERVER_SECRET,
      daemonPorts: running.ports,
      serverPorts,
      status: () => running.status(),
    })
    const { wrong, goodUnanswered, crashes, internalErrors, imbalance } = run
    expect({ wrong: [...wrong], goodUnanswered, crashes, internalErrors, imbalance }).toEqual({
      wrong: [],
      goodUnanswered: 0,
      crashes: 0,
      internalErrors: 0,
      imbalance: 0,
    })
    expect(run.packetIo).toBe(PACKET_IO)
    expect(run.forwarded).toBeGreaterThan(1_000)
    expect(run.mutatedResponses).toBeGreaterThan(1_000)
  })
})
