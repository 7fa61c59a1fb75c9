import { describe, expect, it } from 'vitest'
import { describeRecord, recordLines } from '../../../src/commands/text/record-text.ts'
import { erx, ipv6, MLPPP_STOP, number } from '../../accounting/records.ts'
import * as oracle from '../../radius/oracle.ts'

const recordOf = (...attributes: oracle.Attribute[]) => describeRecord(oracle.packetOf(4, 1, oracle.ZERO, attributes))!

describe('an accounting record in decode', () => {
  it('has its 64-bit sums, its label, and says that the families are unknown', () => {
    const record = recordOf(...MLPPP_STOP)
    expect(record).toMatchObject({
      inputOctets: '26837955704',
      outputOctets: '21448561280',
      inputIpv6Octets: null,
      labels: ['mlppp-member-link'],
      damagedVendorAttributes: 0,
    })
    expect(recordLines(record)).toEqual([
      '  => octets input: 26,837,955,704 (IPv4 unknown, IPv6 unknown)',
      '  => packets input: 406,636,696 (IPv4 unknown, IPv6 unknown)',
      '  => octets output: 21,448,561,280 (IPv4 unknown, IPv6 unknown)',
      '  => packets output: 357,477,811 (IPv4 unknown, IPv6 unknown)',
      '  => labels: mlppp-member-link',
    ])
  })

  it('has the families apart where the record can tell them', () => {
    const lines = recordLines(recordOf(number(42, 2_000), number(47, 10), ...ipv6([500, 0, 4, 0, 0, 0])))
    expect(lines).toEqual([
      '  => octets input: 2,000 (IPv4 1,500, IPv6 500)',
      '  => packets input: 10 (IPv4 6, IPv6 4)',
    ])
  })

  it('shows every digit of 64 bits', () => {
    expect(recordLines(recordOf(number(42, 2 ** 32 - 1), number(52, 2 ** 32 - 1)))[0]).toContain(
      '18,446,744,073,709,551,615 ',
    )
  })

  it('says what is impossible and what is damaged', () => {
    const cut = [26, erx(number(151, 1))[1].subarray(0, 9)] as const
    const record = recordOf(number(42, 100), number(47, 200_000), erx(number(151, 101)), cut)
    expect(recordLines(record).slice(2)).toEqual([
      '  => labels: packet-size, ipv6-beyond-aggregate',
      '  => 1 damaged vendor attributes: nothing in them was read',
    ])
    expect(recordOf(number(48, 1), number(43, 720_886)).labels).toEqual(['packet-size'])
    expect(recordOf(number(47, 1), erx(number(153, 2))).labels).toEqual(['ipv6-beyond-aggregate'])
  })

  it('says nothing of a Start, and nothing of what is no record', () => {
    expect(recordLines(recordOf(number(40, 1)))).toEqual([])
    expect(describeRecord(oracle.packetOf(5, 1, oracle.ZERO, []))).toBeUndefined()
    expect(describeRecord(Buffer.from('junk'))).toBeUndefined()
  })
})
