/**
 * The Stop of a real MLPPP subscriber through radsluice to a real FreeRADIUS: its detail file has every attribute as it was
 * sent, and radsluice's own figures are whole.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MLPPP_STOP } from '../accounting/records.ts'
import { until } from './kit/child.ts'
import { CLIENT_SECRET, Daemon, serverEntry } from './kit/daemon.ts'
import { Freeradius } from './kit/freeradius.ts'
import { needs } from './kit/peers.ts'
import { ScriptedClient } from './kit/scripted-client.ts'
import { accountingRequest } from './kit/wire.ts'

const group = needs('an MLPPP record before a FreeRADIUS', 'freeradius', 'openssl')

/** As FreeRADIUS writes it, by its own dictionaries; from the record's text in docs, not from our octets. */
const DETAIL = {
  'User-Name': 'user@example.com',
  'Acct-Status-Type': 'Stop',
  'Acct-Session-Id': '786',
  'Acct-Multi-Session-Id': '787',
  'Acct-Input-Octets': '1068151928',
  'Acct-Input-Gigawords': '6',
  'Acct-Output-Octets': '4268692096',
  'Acct-Output-Gigawords': '4',
  'Acct-Input-Packets': '406636696',
  'Acct-Output-Packets': '357477811',
  'ERX-Input-Gigapkts': '0',
  'ERX-Output-Gigapkts': '0',
  'ERX-IPv6-Acct-Input-Octets': '0',
  'ERX-IPv6-Acct-Output-Octets': '0',
  'ERX-IPv6-Acct-Input-Packets': '0',
  'ERX-IPv6-Acct-Output-Packets': '0',
  'ERX-IPv6-Acct-Input-Gigawords': '0',
  'ERX-IPv6-Acct-Output-Gigawords': '0',
  'Acct-Session-Time': '61965',
  'Acct-Terminate-Cause': 'Lost-Carrier',
  'Service-Type': 'Framed-User',
  'Framed-Protocol': 'PPP',
  'Framed-IPv6-Pool': 'v6-pool-21',
  'Acct-Authentic': 'RADIUS',
  'Acct-Delay-Time': '0',
  'ERX-Dhcp-Mac-Addr': '0090.1a41.ec2d',
  'Framed-IP-Address': '10.0.0.3',
  'Framed-IP-Netmask': '255.0.0.0',
  'NAS-Identifier': 'kalka',
  'NAS-Port': '306184213',
  'NAS-Port-Id': 'ge-1/1/9.21:21',
  'NAS-Port-Type': 'Ethernet',
  'NAS-IP-Address': '10.1.1.2',
}
/** What FreeRADIUS adds, and the date that it writes in the machine's own time zone. */
const ITS_OWN = ['Event-Timestamp', 'Tmp-String-9', 'Acct-Unique-Session-Id', 'Timestamp']

describe.skipIf(group.skip)(group.title, () => {
  let server: Freeradius
  let daemon: Daemon
  const client = new ScriptedClient(CLIENT_SECRET)
  beforeAll(async () => {
    server = await Freeradius.start()
    daemon = await Daemon.start({
      accounting: { sessions_log: { directory: 'sessions' } },
      farm: { servers: [serverEntry('fr-1', server)] },
    })
    await client.open(1)
  })
  afterAll(async () => {
    await client.close()
    await daemon?.kill()
    await server?.close()
  })

  it('is recorded attribute for attribute, and radsluice counts 26,837,955,704 octets in and 21,448,561,280 out', async () => {
    client.send(
      0,
      accountingRequest({ secret: CLIENT_SECRET, identifier: 9, attributes: MLPPP_STOP }),
      daemon.ports.accounting,
    )
    await until(() => client.replies.length === 1, 'an answer')
    expect(client.replies[0]?.verifies).toBe(true)
    const [record, ...others] = server.records()
    expect(others).toEqual([])
    const recorded = [...record!].filter(([name]) => !ITS_OWN.includes(name))
    expect(Object.fromEntries(recorded.map(([name, values]) => [name, values.join('|')]))).toEqual(DETAIL)
    expect(new Date(record!.get('Event-Timestamp')![0]!).getTime()).toBe(Date.UTC(2012, 9, 19, 5, 1, 3))
    // A relative directory starts at that of the configuration file.
    const sessions = join(daemon.folder, 'sessions')
    const logged = (): string =>
      readdirSync(sessions)
        .map((name) => readFileSync(join(sessions, name), 'utf8'))
        .join('')
    await until(() => logged() !== '', 'a line in the sessions log')
    expect(JSON.parse(logged())).toMatchObject({
      inputOctets: '26837955704',
      outputOctets: '21448561280',
      inputIpv6Octets: null,
      outputIpv6Octets: null,
      labels: ['mlppp-member-link'],
    })
  })
})
