import { describe, expect, it } from 'vitest'
import { counted, parseUdpCounters } from '../../../bench/load/kernel-counters.ts'
import { missingIn } from '../../../bench/load/measurement.ts'
import { medianOf, spreadOf } from '../../../bench/load/medians.ts'
import { parseProcessCost } from '../../../bench/load/process-cost.ts'

const SNMP = `Tcp: RtoAlgorithm RtoMin
Tcp: 1 200
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
Udp: 1000 3 7 2000 7 0 0 0 0
UdpLite: InDatagrams NoPorts
UdpLite: 5 0
`
const STATUS = 'Name:\tnode\nVmPeak:\t 9 kB\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n'

describe('what the kernel says', () => {
  it('reads the UDP counters by their names', () => {
    expect(parseUdpCounters(SNMP)).toEqual({ received: 1_000, sent: 2_000, bufferErrors: 7 })
  })

  it('reads nothing from a text without them', () => {
    expect(parseUdpCounters('')).toBeUndefined()
    expect(parseUdpCounters(SNMP.replace('OutDatagrams', 'Out'))).toBeUndefined()
  })

  it('adds user and system time, whatever the name of the process is', () => {
    for (const name of ['node', 'a b) c (d']) {
      const stat = `7 (${name}) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 11 0 99 1000 2000`
      const cost = parseProcessCost(stat, STATUS)
      expect(cost).toEqual({ cpuSeconds: 3, userSeconds: 2.5, residentBytes: 1_048_576, peakResidentBytes: 2_097_152 })
    }
  })

  it('says so where /proc is something else', () => {
    expect(() => parseProcessCost('', STATUS)).toThrow(/proc\(5\)/)
    expect(() => parseProcessCost('7 (x) S 1 7 7 0 -1 4 1 0 0 0 250 50 0', 'VmHWM: 3 kB')).toThrow(/proc\(5\)/)
  })
})

describe('the counts held against each other', () => {
  const counts = {
    sent: 100,
    answered: 90,
    lost: 10,
    late: 1,
    again: 2,
    bad: 0,
    unproven: 0,
    superseded: 0,
    unsent: 0,
    kernelDrops: 0,
  }
  const sink = { received: 95, answered: 93, bad: 0 }
  const kernel = counted({ received: 10, sent: 10, bufferErrors: 1 }, { received: 198, sent: 203, bufferErrors: 1 })

  it('agrees where the kernel saw all that generator and sink claim, or more', () => {
    expect(missingIn(kernel, counts, sink)).toBe(0)
    expect(missingIn({ ...kernel, received: 1_000, sent: 1_000 }, counts, sink)).toBe(0)
  })

  it('finds each datagram that is claimed and was not there', () => {
    expect(missingIn({ ...kernel, sent: 192 }, counts, sink)).toBe(1)
    expect(missingIn({ ...kernel, received: 186 }, counts, sink)).toBe(2)
    expect(missingIn(kernel, { ...counts, sent: 105, unsent: 5 }, sink)).toBe(0)
    expect(missingIn(kernel, { ...counts, again: 4 }, sink)).toBe(2)
  })
})

describe('medians', () => {
  it('are the middle one, or between the two in the middle', () => {
    expect(spreadOf([30, 10, 20])).toEqual({ median: 20, least: 10, most: 30 })
    expect(medianOf([4, 1, 3, 2])).toBe(2.5)
    expect(medianOf([5])).toBe(5)
  })

  it('are not of nothing', () => {
    expect(() => medianOf([])).toThrow(/nothing/)
  })
})
