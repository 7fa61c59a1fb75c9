import { describe, expect, it } from 'vitest'
import { counted, parseUdpCounters } from '../../../bench/load/kernel-counters.ts'
import { isDisturbed, parseProcessorTimes, usedByOthers } from '../../../bench/load/machine-use.ts'
import { missingIn } from '../../../bench/load/measurement.ts'
import { medianOf, spreadOf } from '../../../bench/load/medians.ts'
import { monitorSeconds } from '../../../bench/load/memory-monitor.ts'
import { parseProcessCost, parseThreadCost, requestCost } from '../../../bench/load/process-cost.ts'

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

describe('what a request cost', () => {
  const reading = (userSeconds: number, systemSeconds: number, ...threads: readonly string[]) => ({
    cost: { cpuSeconds: userSeconds + systemSeconds, userSeconds, residentBytes: 1, peakResidentBytes: 1 },
    threads: threads.map(parseThreadCost),
  })
  const thread = (id: number, name: string, user: number, system: number): string =>
    `${id} (${name}) S 1 7 7 0 -1 4194560 100 0 0 0 ${user} ${system} 0 0 20 0 11 0 99 1000 2000`

  it('is what was used between two readings, by thread; threads of one name are added up', () => {
    const before = reading(1, 2, thread(1, 'MainThread', 50, 10), thread(2, 'V8Worker', 30, 0))
    const after = reading(
      2,
      4,
      thread(1, 'MainThread', 50, 10),
      thread(2, 'V8Worker', 40, 0),
      thread(3, 'V8Worker', 5, 5),
      thread(4, 'instance 0', 60, 190),
    )
    expect(requestCost(before, after, 100_000)).toEqual({
      user: 10,
      system: 20,
      threads: [
        { name: 'instance 0', user: 6, system: 19 },
        { name: 'V8Worker', user: expect.closeTo(1.5), system: expect.closeTo(0.5) },
      ],
    })
  })

  it('counts a thread from its beginning if its number was another thread before', () => {
    const before = reading(1, 0, thread(2, 'libuv-worker', 90, 0))
    expect(requestCost(before, reading(2, 0, thread(2, 'V8Worker', 10, 0)), 100_000).threads).toEqual([
      { name: 'V8Worker', user: 1, system: 0 },
    ])
  })
})

describe('what others used of the machine', () => {
  const stat = (busy: number, idle: number, steal: number): string =>
    `cpu  ${busy} 0 0 ${idle} 0 0 0 ${steal} 7 7\ncpu0 1 2 3 4 5 6 7 8 9 10\n`
  const between = (ownSeconds: number, busy: number, idle: number, steal: number) =>
    usedByOthers(parseProcessorTimes(stat(0, 0, 0)), parseProcessorTimes(stat(busy, idle, steal)), ownSeconds)

  it('is the time that the bench did not use itself, and the stolen time', () => {
    expect(between(6, 600, 400, 0)).toEqual({ others: 0, steal: 0 })
    expect(between(4, 600, 400, 0)).toEqual({ others: 0.2, steal: 0 })
    expect(between(6, 600, 300, 100)).toEqual({ others: 0.1, steal: 0.1 })
    // Ticks are coarse: the bench can seem to have used more than all.
    expect(between(6.1, 600, 400, 0)).toEqual({ others: 0, steal: 0 })
    expect(between(0, 0, 0, 0)).toEqual({ others: 0, steal: 0 })
  })

  it('makes a measurement void beyond the allowed share', () => {
    const use = { steal: 0, memoryMonitor: 0, othersAtMost: 0.1, repeats: 0 }
    expect(isDisturbed({ ...use, others: 0.1 })).toBe(false)
    expect(isDisturbed({ ...use, others: 0.101 })).toBe(true)
  })

  it('says so where /proc/stat is something else', () => {
    expect(() => parseProcessorTimes('cpu0 1 2 3')).toThrow(/proc\(5\)/)
    expect(() => parseProcessorTimes('cpu  1 2 3')).toThrow(/proc\(5\)/)
  })
})

describe('the time of the memory monitor', () => {
  it('is that of its threads together, and nothing for one that has ended', () => {
    expect(monitorSeconds([process.pid, 2 ** 30])).toBeGreaterThan(0)
    expect(monitorSeconds([2 ** 30])).toBe(0)
    expect(monitorSeconds([])).toBe(0)
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
