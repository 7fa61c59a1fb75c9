/**
 * Whole EAP conversations through the proxy, by eapol_test against FreeRADIUS: State and EAP-Message untouched over
 * many round trips, and at the end the MPPE keys, which eapol_test compares with the ones that it derived itself. Then
 * what `auto` learns from EAP about Message-Authenticator: nothing (RFC 3579 section 3.2 makes EAP always carry it).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLIENT_SECRET, Daemon, serverEntry } from './kit/daemon.ts'
import { type EapMethod, type EapolResult, eapolTest } from './kit/eapol.ts'
import { Freeradius } from './kit/freeradius.ts'
import { needs } from './kit/peers.ts'
import { type RadclientResult, radclient } from './kit/radclient.ts'
import { USERS } from './kit/raddb.ts'

const group = needs('EAP through radsluice', 'freeradius', 'radclient', 'eapol_test', 'openssl')

describe.skipIf(group.skip)(group.title, () => {
  let server: Freeradius
  let daemon: Daemon
  /** What was learned stays with its daemon, so that it takes another one to see that nothing is learned. */
  const startAnew = async (): Promise<void> => {
    daemon = await Daemon.start({ farm: { servers: [serverEntry('fr-1', server)] } })
  }
  beforeAll(async () => {
    server = await Freeradius.start()
    await startAnew()
  })
  afterAll(async () => {
    await daemon.kill()
    await server.close()
  })

  const converse = async (method: EapMethod, password: string = USERS.alice, again = 0): Promise<EapolResult> =>
    await eapolTest({
      method,
      port: daemon.ports.authentication,
      secret: CLIENT_SECRET,
      identity: 'alice',
      password,
      again,
    })

  const pap = async (...more: string[]): Promise<RadclientResult> =>
    await radclient({
      port: daemon.ports.authentication,
      command: 'auth',
      secret: CLIENT_SECRET,
      attributes: ['User-Name = alice', `User-Password = ${USERS.alice}`, ...more],
      retries: 0,
      timeout: 2,
    })

  it('carries EAP-MD5, which has no keys', async () => {
    const result = await converse('EAP-MD5')
    expect(result.success, result.output).toBe(true)
  })

  it.each<EapMethod>(['EAP-TTLS/PAP', 'PEAP/MSCHAPv2'])(
    'carries %s, and both sides have the same keys',
    async (method) => {
      const result = await converse(method, USERS.alice, 2)
      expect(result, result.output).toMatchObject({ success: true, keysOk: 3, keysMismatched: 0 })
    },
  )

  it.each<EapMethod>(['EAP-MD5', 'EAP-TTLS/PAP', 'PEAP/MSCHAPv2'])(
    'keeps a wrong password out of %s',
    async (method) => {
      const result = await converse(method, 'queen')
      expect(result, result.output).toMatchObject({ success: false, keysOk: 0 })
    },
  )

  it('asks nobody for a Message-Authenticator under `auto` because EAP had it, on either side', async () => {
    await daemon.kill()
    await startAnew()
    // FreeRADIUS 3.2.1 signs its EAP replies and not its PAP replies; radclient signs neither.
    expect((await converse('PEAP/MSCHAPv2')).success).toBe(true)
    const plain = await pap()
    expect(plain.code, plain.output).toBe('Access-Accept')
    expect((await converse('EAP-MD5')).success).toBe(true)
    expect((await pap()).code).toBe('Access-Accept')
  })

  it('asks a client for none under `auto` where PAP requests had it and had it not within an hour', async () => {
    await daemon.kill()
    await startAnew()
    for (const more of [[], ['Message-Authenticator = 0x00'], []]) {
      expect((await pap(...more)).code).toBe('Access-Accept')
    }
    expect((await daemon.status()).messageAuthenticatorLearned.clients).toBe(0)
  })
})
