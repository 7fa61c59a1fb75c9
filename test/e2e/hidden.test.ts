/**
 * Every attribute that is hidden with the shared secret, between two FreeRADIUS programs with different secrets: the
 * server hides it, radsluice moves it, radclient opens it; and in an Accounting-Request the other way round.
 */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NEWER_FILE } from '../../scripts/hidden-attributes.ts'
import { cipherIn, type DictionaryAttribute, parseDictionary } from '../../src/radius/vendors/dictionary.ts'
import { HIDDEN_DICTIONARY } from '../../src/radius/vendors/hidden-dictionary.ts'
import * as oracle from '../radius/oracle.ts'
import { CLIENT_SECRET, Daemon, serverEntry } from './kit/daemon.ts'
import { Freeradius } from './kit/freeradius.ts'
import { needs } from './kit/peers.ts'
import { radclient, valuesOf } from './kit/radclient.ts'
import { ScriptedServer } from './kit/scripted-server.ts'

const group = needs('hidden attributes between radclient and FreeRADIUS', 'freeradius', 'radclient', 'openssl')

const hidden = parseDictionary(HIDDEN_DICTIONARY).attributes.filter(({ flags }) => cipherIn(flags) !== undefined)
/** RFC 2865 section 5.44: User-Password stands in requests only. */
const inResponses = hidden.filter(({ name }) => name !== 'User-Password')
const tagOf = ({ flags }: DictionaryAttribute): string => (flags.includes('has_tag') ? ':5' : '')
/** As a users file has it, and as radclient shows it. The Ascend secrets have 16 octets, MS-CHAP-MPPE-Keys 24. */
const plainOf = ({ name, type }: DictionaryAttribute, serial: number): string => {
  const text = `${String(serial).padStart(4, '0')}-is-a-value-`
  if (type === 'integer') return String(70_000 + serial)
  if (type === 'ipaddr') return `192.0.2.${serial}`
  if (type === 'octets')
    return `0x${Buffer.from(name === 'MS-CHAP-MPPE-Keys' ? text + text.slice(0, 8) : text).toString('hex')}`
  return text
}
const lines = inResponses.map(
  (one, i) => `\t${one.name}${tagOf(one)} = ${one.type === 'string' ? `"${plainOf(one, i)}"` : plainOf(one, i)}`,
)
/** 64 octets, as a key of EAP is; and below, parts of a WiMAX attribute that do not fit into one. */
const LONG_KEY = Buffer.from('k'.repeat(64)).toString('hex')
const users = `
hidden Cleartext-Password := "rabbit"
${lines.join(',\n')}

long Cleartext-Password := "rabbit"
	WiMAX-MSK = 0x${LONG_KEY},
	Aruba-MPSK-Passphrase = 0x${LONG_KEY},
	Lucent-Send-Secret = "sixteen-octets-1",
	WiMAX-hDHCP-DHCPv4-Address = 192.0.2.1,
	WiMAX-hDHCP-DHCPv6-Address = 2001:db8::1,
	WiMAX-hDHCP-DHCP-RK = "${'r'.repeat(220)}",
	WiMAX-hDHCP-DHCP-RK-Key-Id = 7
`

describe.skipIf(group.skip)(group.title, () => {
  let server: Freeradius
  let daemon: Daemon
  beforeAll(async () => {
    server = await Freeradius.start({ users, dictionary: readFileSync(NEWER_FILE, 'latin1') })
    daemon = await Daemon.start({ farm: { servers: [serverEntry('fr-1', server)] } })
  })
  afterAll(async () => {
    await daemon?.kill()
    await server?.close()
  })
  const ask = (attributes: readonly string[], port = daemon.ports.authentication, command: 'auth' | 'acct' = 'auth') =>
    radclient({
      port,
      command,
      secret: port === server.authPort ? server.secret : CLIENT_SECRET,
      attributes,
      folder: server.folder,
    })

  it.each(['hidden', 'long'])('reach the client as they left the server: %s', async (user) => {
    const login = [`User-Name = ${user}`, 'User-Password = rabbit']
    const straight = await ask(login, server.authPort)
    const through = await ask(login)
    expect([straight.code, through.code], through.output).toEqual(['Access-Accept', 'Access-Accept'])
    const ours = (attributes: typeof through.attributes) =>
      attributes.filter(([name]) => name !== 'Message-Authenticator')
    expect(ours(through.attributes)).toEqual(ours(straight.attributes))
    expect(ours(through.attributes)).toHaveLength(user === 'hidden' ? inResponses.length : 7)
  })

  it.each(inResponses.map((one, i) => [one.name, one, i] as const))(
    'reach the client in the clear: %s',
    async (name, one, serial) => {
      reached ??= await ask(['User-Name = hidden', 'User-Password = rabbit'])
      expect(valuesOf(reached, `${name}${tagOf(one)}`)).toEqual([plainOf(one, serial)])
    },
  )
  let reached: Awaited<ReturnType<typeof radclient>> | undefined

  it('reach the server in an Accounting-Request, hidden with zeros for the authenticator', async () => {
    const attributes = ['Acct-Status-Type = Start', 'Acct-Session-Id = hidden']
    const secrets = ['Aruba-MPSK-Passphrase = 0x6f70656e', 'Ascend-Send-Secret = "sixteen-octets-2"']
    const answer = await ask([...attributes, ...secrets], daemon.ports.accounting, 'acct')
    expect(answer.code, answer.output).toBe('Accounting-Response')
    const record = server.records().find((one) => one.get('Acct-Session-Id')?.[0] === 'hidden')!
    // FreeRADIUS opens one of the two ciphers in an Accounting-Request.
    expect(record.get('Aruba-MPSK-Passphrase')).toEqual(['0x6f70656e'])
    const octets = Buffer.from(record.get('Attr-26.529.214')![0]!.slice(2), 'hex')
    const pad = oracle.md5Of(oracle.ZERO, server.secret)
    expect(octets.map((octet, i) => octet ^ pad[i]!).toString()).toBe('sixteen-octets-2')
  })
})

const asked = needs('hidden attributes of a request from radclient', 'radclient')
describe.skipIf(asked.skip)(asked.title, () => {
  it('reach the server, moved from the authenticator of the client to ours', async () => {
    const server = await ScriptedServer.start()
    const daemon = await Daemon.start({
      farm: { servers: [serverEntry('scripted', { authPort: server.port, secret: server.secret })] },
    })
    try {
      const attributes = ['User-Name = alice', 'User-Password = "a password of more than sixteen octets"']
      const secrets = ['Ascend-Send-Secret', 'Lucent-Receive-Secret', 'X-Ascend-Send-Secret']
      const answer = await radclient({
        port: daemon.ports.authentication,
        command: 'auth',
        secret: CLIENT_SECRET,
        attributes: [...attributes, ...secrets.map((name, i) => `${name} = "sixteen-octets-${i}"`)],
      })
      expect(answer.code, answer.output).toBe('Access-Accept')
      const { message } = server.arrivals[0]!
      const values = (type: number): Buffer[] =>
        message.attributes.filter(([one]) => one === type).map(([, value]) => value)
      const [password] = values(2)
      expect(oracle.openPassword(password!, server.secret, message.authenticator).toString()).toBe(
        `a password of more than sixteen octets${'\0'.repeat(10)}`,
      )
      const pad = oracle.md5Of(message.authenticator, server.secret)
      const opened = [...values(26), ...values(214)].map((value) =>
        value
          .subarray(-16)
          .map((octet, i) => octet ^ pad[i]!)
          .toString(),
      )
      expect(opened).toEqual(secrets.map((_, i) => `sixteen-octets-${i}`))
    } finally {
      await daemon.kill()
      await server.close()
    }
  })
})
