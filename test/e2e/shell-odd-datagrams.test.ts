/**
 * Datagrams that no client sends, through a whole daemon: from port 0, empty, and as long as UDP allows.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import type { StatusReport } from '../../src/observe/status-report.ts'
import { canBatch } from './kit/batches.ts'
import { CLIENT_SECRET, Daemon, serverEntry } from './kit/daemon.ts'
import { canSendRaw, sendRaw } from './kit/raw-datagram.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { ScriptedServer } from './kit/scripted-server.ts'
import { accessRequest, accountingRequest, CODE, MESSAGE_AUTHENTICATOR, papRequest, TYPE } from './kit/wire.ts'

const secret = CLIENT_SECRET
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Scene {
  readonly server: ScriptedServer
  readonly daemon: Daemon
  /** A login that is answered as ever. */
  login(): Promise<number | undefined>
}

async function started(packetIo: string): Promise<Scene> {
  const server = await ScriptedServer.start()
  closing.push(() => server.close())
  const { port } = server
  const daemon = await Daemon.start({
    packet_io: packetIo,
    farm: { servers: [serverEntry('one', { authPort: port, acctPort: port, secret: server.secret })] },
  })
  closing.push(() => daemon.kill())
  const client = new ScriptedClient(secret)
  closing.push(() => client.close())
  const request = papRequest({ secret, identifier: 9, user: 'alice' })
  return { server, daemon, login: async () => (await client.ask(request, daemon.ports.authentication))?.code }
}

const failuresOf = ({ instances }: StatusReport): number =>
  instances.reduce((sum, { sendFailures }) => sum + sendFailures, 0)

describe.each(canBatch ? ['batched', 'dgram'] : ['dgram'])('over %s', (packetIo) => {
  const title = canSendRaw ? 'a request from port 0' : 'a request from port 0 [skipped: needs root]'
  it.skipIf(!canSendRaw)(`${title} is dropped by name, and nothing is sent for it`, async () => {
    const { daemon, server, login } = await started(packetIo)
    const signed = [MESSAGE_AUTHENTICATOR]
    const requests = [
      papRequest({ secret, identifier: 1, user: 'bob' }),
      accessRequest({ secret, identifier: 2, attributes: signed }, CODE.statusServer),
    ]
    const record = accountingRequest({ secret, identifier: 3, attributes: [[TYPE.acctStatusType, 1]] })
    for (let round = 0; round < 20; round += 1) {
      for (const request of requests) sendRaw(request, { from: 0, to: daemon.ports.authentication })
      sendRaw(record, { from: 0, to: daemon.ports.accounting })
    }
    await daemon.reaches(
      ({ classes: { authentication, accounting } }) =>
        authentication.ledger.dropped['from-port-zero'] === 40 && accounting.ledger.dropped['from-port-zero'] === 20,
      '60 drops',
    )
    expect(server.requests).toEqual([])
    expect(await login()).toBe(CODE.accessAccept)
    const status = await daemon.status()
    expect([failuresOf(status), status.internalErrors]).toEqual([0, 0])
    expect(daemon.child.output).not.toContain('"send-failed"')
  })

  it.each([1, 4_096, 60_000])(
    '%i octets of padding behind a request are ignored (RFC 2865 section 3)',
    async (padding) => {
      const { daemon } = await started(packetIo)
      const client = new ScriptedClient(secret)
      closing.push(() => client.close())
      const request = papRequest({ secret, identifier: 7, user: 'alice' })
      const padded = Buffer.concat([request, Buffer.alloc(padding, 1)])
      expect((await client.ask(padded, daemon.ports.authentication))?.code).toBe(CODE.accessAccept)
    },
  )

  it('an empty datagram and the largest ones are counted, and the next login is answered', async () => {
    const { daemon, login } = await started(packetIo)
    const socket = createSocket('udp4')
    closing.push(() => socket.close())
    for (const length of [0, 65_507, 0, 4_097, 65_507])
      socket.send(Buffer.alloc(length, 1), daemon.ports.accounting, '127.0.0.1')
    await once(socket, 'listening')
    const isCounted = ({ classes }: StatusReport): boolean => {
      const { dropped } = classes.accounting.ledger
      return dropped['too-short'] === 2 && dropped['bad-attribute-length'] === 3
    }
    await daemon.reaches(isCounted, 'five datagrams')
    expect(await login()).toBe(CODE.accessAccept)
    expect((await daemon.status()).internalErrors).toBe(0)
  })
})
