/**
 * The test kit against FreeRADIUS directly, without a proxy: what these show is that a failure elsewhere is the
 * proxy's and not the kit's. The same conversations run through the proxy in the other files of this folder.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EapMethod, eapolTest } from './kit/eapol.ts'
import { Freeradius } from './kit/freeradius.ts'
import { needs } from './kit/peers.ts'
import { radclient, valuesOf } from './kit/radclient.ts'
import { TUNNEL_PASSWORD, USERS } from './kit/raddb.ts'

const group = needs('the kit against FreeRADIUS itself', 'freeradius', 'radclient', 'eapol_test', 'openssl')

describe.skipIf(group.skip)(group.title, () => {
  let server: Freeradius
  beforeAll(async () => {
    server = await Freeradius.start()
  })
  afterAll(async () => await server?.close())

  const ask = async (command: 'auth' | 'acct' | 'status', ...attributes: string[]) =>
    await radclient({
      port: command === 'acct' ? server.acctPort : server.authPort,
      command,
      secret: server.secret,
      attributes,
    })

  it('sees an accept, a reject and silence for a wrong secret as three different things', async () => {
    expect((await ask('auth', 'User-Name = alice', `User-Password = ${USERS.alice}`)).code).toBe('Access-Accept')
    expect((await ask('auth', 'User-Name = alice', 'User-Password = queen')).code).toBe('Access-Reject')
    const wrong = await radclient({
      port: server.acctPort,
      command: 'acct',
      secret: 'wrong',
      attributes: ['Acct-Status-Type = Start'],
      retries: 1,
      timeout: 0.3,
    })
    expect(wrong).toMatchObject({ code: undefined, sent: 2 })
  })

  it('reads a decrypted Tunnel-Password', async () => {
    const answer = await ask('auth', 'User-Name = tunnelled', `User-Password = ${USERS.tunnelled}`)
    expect(valuesOf(answer, 'Tunnel-Password:1')).toEqual([TUNNEL_PASSWORD])
  })

  it('finds in the detail file what was recorded', async () => {
    const answer = await ask('acct', 'Acct-Status-Type = Start', 'Acct-Session-Id = kit-1', 'User-Name = alice')
    expect(answer.code).toBe('Accounting-Response')
    expect(server.sessions()).toEqual(new Map([['kit-1', 1]]))
  })

  it.each<EapMethod>(['EAP-MD5', 'EAP-TTLS/PAP', 'PEAP/MSCHAPv2'])('holds an %s conversation', async (method) => {
    const options = { method, port: server.authPort, secret: server.secret, identity: 'alice' }
    const right = await eapolTest({ ...options, password: USERS.alice })
    expect(right, right.output).toMatchObject({ success: true, keysMismatched: 0 })
    expect(right.keysOk).toBe(method === 'EAP-MD5' ? 0 : 1)
    expect((await eapolTest({ ...options, password: 'queen' })).success).toBe(false)
  })
})
