import { describe, expect, it } from 'vitest'
import { packetText } from '../../../src/commands/text/packet-text.ts'

describe('a packet as text', () => {
  const packet = { codeName: 'Access-Accept', identifier: 3, length: 40, padding: 0, attributes: [] }

  it('has a line for the packet and one for each attribute', () => {
    const attributes = [
      { name: 'User-Name', value: 'al"ice' },
      { name: 'Session-Timeout', value: 60 },
      { name: 'State', value: '0x0102' },
      { name: 'Tunnel-Type', tag: 1, value: 'VLAN' },
      { name: 'User-Password', value: '[hidden]' },
    ]
    expect(packetText({ ...packet, attributes })).toEqual([
      'Access-Accept Id 3 Length 40',
      '  User-Name = "al\\"ice"',
      '  Session-Timeout = 60',
      '  State = 0x0102',
      '  Tunnel-Type:1 = "VLAN"',
      '  User-Password = [hidden]',
    ])
  })

  it('says whether it verified, and what came behind it', () => {
    expect(packetText({ ...packet, check: 'valid' })[0]).toBe('Access-Accept Id 3 Length 40  (verified)')
    expect(packetText({ ...packet, check: 'bad-authenticator', padding: 2 })[0]).toBe(
      'Access-Accept Id 3 Length 40  (2 octets of padding; does not verify: bad-authenticator)',
    )
  })
})
