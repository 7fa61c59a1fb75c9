/**
 * radclient, radsluice, FreeRADIUS: one conversation of each kind, with a different secret on each side. radclient
 * verifies every answer with its own secret, and FreeRADIUS every request with its own, so what is asserted here is
 * the re-signing and re-encryption of both directions against software that is not ours.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLIENT_SECRET, Daemon, serverEntry } from './kit/daemon.ts'
import { Freeradius } from './kit/freeradius.ts'
import { needs } from './kit/peers.ts'
import { type RadclientResult, radclient, valuesOf } from './kit/radclient.ts'
import { TUNNEL_PASSWORD, USERS } from './kit/raddb.ts'

const group = needs('a FreeRADIUS behind radsluice', 'freeradius', 'radclient', 'openssl')

const ask = async (
  daemon: Daemon,
  command: 'auth' | 'acct' | 'status',
  attributes: readonly string[],
  port: 'authentication' | 'accounting' = command === 'acct' ? 'accounting' : 'authentication',
): Promise<RadclientResult> => await radclient({ port: daemon.ports[port], command, secret: CLIENT_SECRET, attributes })

describe.skipIf(group.skip)(group.title, () => {
  let server: Freeradius
  let daemon: Daemon
  beforeAll(async () => {
    server = await Freeradius.start()
    daemon = await Daemon.start({ farm: { servers: [serverEntry('fr-1', server)] } })
  })
  afterAll(async () => {
    await daemon?.kill()
    await server?.close()
  })

  it('lets a PAP user in and keeps one with a wrong password out', async () => {
    const accept = await ask(daemon, 'auth', ['User-Name = alice', `User-Password = ${USERS.alice}`])
    expect(accept.code, accept.output).toBe('Access-Accept')
    expect(valuesOf(accept, 'Reply-Message')).toEqual(['welcome alice'])
    expect(valuesOf(accept, 'Class')).toEqual(['0x636c617373'])
    expect((await ask(daemon, 'auth', ['User-Name = alice', 'User-Password = queen'])).code).toBe('Access-Reject')
  })

  it('puts Message-Authenticator first in every answer to an Access-Request', async () => {
    for (const password of [USERS.alice, 'queen']) {
      const answer = await ask(daemon, 'auth', ['User-Name = alice', `User-Password = ${password}`])
      expect(answer.attributes[0]?.[0]).toBe('Message-Authenticator')
      expect(valuesOf(answer, 'Message-Authenticator')).toHaveLength(1)
    }
  })

  it.each([1, 15, 16, 17, 48, 127])('re-encrypts a password of %i octets', async (length) => {
    // Nobody has that password, and FreeRADIUS logs a wrong one as it read it.
    const password = 'p'.repeat(length)
    const answer = await ask(daemon, 'auth', ['User-Name = mad', `User-Password = ${password}`])
    expect(answer.code, answer.output).toBe('Access-Reject')
    expect(server.log).toContain(`[mad/${password}]`)
  })

  it('lets a CHAP user in, whose challenge is the authenticator that the server never sees', async () => {
    const accept = await ask(daemon, 'auth', ['User-Name = alice', `CHAP-Password = ${USERS.alice}`])
    expect(accept.code, accept.output).toBe('Access-Accept')
    expect((await ask(daemon, 'auth', ['User-Name = alice', 'CHAP-Password = queen'])).code).toBe('Access-Reject')
  })

  it('lets a CHAP user in who brings a CHAP-Challenge', async () => {
    const challenge = 'CHAP-Challenge = 0x000102030405060708090a0b0c0d0e0f'
    const accept = await ask(daemon, 'auth', ['User-Name = alice', `CHAP-Password = ${USERS.alice}`, challenge])
    expect(accept.code, accept.output).toBe('Access-Accept')
  })

  it('carries a Challenge and its State there and back', async () => {
    const first = await ask(daemon, 'auth', ['User-Name = challenged', 'User-Password = hello'])
    expect(first.code, first.output).toBe('Access-Challenge')
    const state = valuesOf(first, 'State')[0]
    expect(state).toBe('0x73746174652d6f662d6368616c6c656e6765')
    const second = ['User-Name = challenged', `User-Password = ${USERS.challenged}`, `State = ${state}`]
    expect((await ask(daemon, 'auth', second)).code).toBe('Access-Accept')
  })

  it('re-encrypts a Tunnel-Password for the client', async () => {
    const accept = await ask(daemon, 'auth', ['User-Name = tunnelled', `User-Password = ${USERS.tunnelled}`])
    expect(accept.code, accept.output).toBe('Access-Accept')
    expect(valuesOf(accept, 'Tunnel-Password:1')).toEqual([TUNNEL_PASSWORD])
    expect(valuesOf(accept, 'Tunnel-Type:1')).toEqual(['L2TP'])
  })

  it('passes ten Proxy-States through, whole and in order', async () => {
    const states = Array.from({ length: 10 }, (_, n) => `0x${String(n).repeat(2 * (n + 1))}`)
    const lines = states.map((state) => `Proxy-State = ${state}`)
    const accept = await ask(daemon, 'auth', ['User-Name = alice', `User-Password = ${USERS.alice}`, ...lines])
    expect(valuesOf(accept, 'Proxy-State')).toEqual(states)
    const recorded = await ask(daemon, 'acct', ['Acct-Status-Type = Start', 'Acct-Session-Id = ten-states', ...lines])
    expect(valuesOf(recorded, 'Proxy-State')).toEqual(states)
  })

  it('carries Start, Interim-Update and Stop of a session into the detail file, in order', async () => {
    for (const kind of ['Start', 'Interim-Update', 'Stop']) {
      const attributes = [`Acct-Status-Type = ${kind}`, 'Acct-Session-Id = session-1', 'User-Name = alice']
      const answer = await ask(daemon, 'acct', [...attributes, 'Acct-Input-Octets = 4000000000'])
      expect(answer.code, answer.output).toBe('Accounting-Response')
    }
    const mine = server.records().filter((record) => record.get('Acct-Session-Id')?.[0] === 'session-1')
    expect(mine.map((record) => record.get('Acct-Status-Type')?.[0])).toEqual(['Start', 'Interim-Update', 'Stop'])
    expect(mine.map((record) => record.get('Acct-Input-Octets')?.[0])).toEqual([
      '4000000000',
      '4000000000',
      '4000000000',
    ])
  })

  it('takes an Accounting-Request that carries a Message-Authenticator, and FreeRADIUS takes ours', async () => {
    const attributes = ['Acct-Status-Type = Start', 'Acct-Session-Id = signed', 'Message-Authenticator = 0x00']
    const answer = await ask(daemon, 'acct', attributes)
    expect(answer.code, answer.output).toBe('Accounting-Response')
    expect(server.sessions().get('signed')).toBe(1)
  })

  it("tells the server the client's address where the request names none", async () => {
    await ask(daemon, 'acct', ['Acct-Status-Type = Start', 'Acct-Session-Id = addressless'])
    const elsewhere = ['Acct-Status-Type = Start', 'Acct-Session-Id = addressed', 'NAS-IP-Address = 192.0.2.9']
    await ask(daemon, 'acct', elsewhere)
    const addressOf = (session: string) =>
      server
        .records()
        .find((record) => record.get('Acct-Session-Id')?.[0] === session)
        ?.get('NAS-IP-Address')
    expect(addressOf('addressless')).toEqual(['127.0.0.1'])
    expect(addressOf('addressed')).toEqual(['192.0.2.9'])
  })

  it('answers Status-Server itself on both ports, and forwards none', async () => {
    const attributes = ['Message-Authenticator = 0x00']
    const auth = await ask(daemon, 'status', attributes, 'authentication')
    expect(auth.code, auth.output).toBe('Access-Accept')
    const acct = await ask(daemon, 'status', attributes, 'accounting')
    expect(acct.code, acct.output).toBe('Accounting-Response')
    expect((await daemon.lane('fr-1', 'authentication')).counters.probesSent).toBe(0)
  })

  it('accounts for every one of these requests', async () => {
    const { classes } = await daemon.status()
    for (const { ledger, queued, outstanding } of Object.values(classes)) {
      expect({ queued, outstanding }).toEqual({ queued: 0, outstanding: 0 })
      expect(ledger.received).toBeGreaterThan(0)
      expect(ledger.answered + ledger.duplicate).toBe(ledger.received)
    }
  })
})

describe.skipIf(group.skip)(group.title.replace('behind', 'that requires Message-Authenticator behind'), () => {
  it('gets one from a client that sends none', async () => {
    const server = await Freeradius.start({ requireMessageAuthenticator: 'yes' })
    const attributes = ['User-Name = alice', `User-Password = ${USERS.alice}`]
    const direct = { port: server.authPort, command: 'auth', secret: server.secret, attributes } as const
    const daemon = await Daemon.start({ farm: { servers: [serverEntry('fr-1', server)] } })
    try {
      expect((await radclient({ ...direct, retries: 0, timeout: 1 })).code).toBeUndefined()
      expect((await ask(daemon, 'auth', attributes)).code).toBe('Access-Accept')
    } finally {
      await daemon.kill()
      await server.close()
    }
  })
})

describe.skipIf(group.skip)(group.title.replace('behind', 'that is down behind'), () => {
  it("leaves Status-Server answered: it asks after the proxy's health, not the farm's", async () => {
    const server = await Freeradius.start()
    const daemon = await Daemon.start({ farm: { servers: [serverEntry('fr-1', server)] } })
    try {
      await server.kill()
      const answer = await ask(daemon, 'status', ['Message-Authenticator = 0x00'])
      expect(answer.code, answer.output).toBe('Access-Accept')
    } finally {
      await daemon.kill()
      await server.close()
    }
  })
})
