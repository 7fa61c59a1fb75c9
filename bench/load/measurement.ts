/**
 * Measures one load through one relay from all sides: the generator's report, the sink's count, the kernel's count, and what
 * the relay used. If they do not agree on the datagrams, the measurement is invalid. If other processes used more of the
 * machine than is allowed, it is void and is made again, a few times at most.
 */
import { readFileSync } from 'node:fs'
import { type GeneratorReport, generate, type Load, type Quantiles, type SideCounts, together } from './generator.ts'
import { counted, parseUdpCounters, type UdpCounters } from './kernel-counters.ts'
import { isDisturbed, type MachineUse, type ProcessorTimes, parseProcessorTimes, usedByOthers } from './machine-use.ts'
import { memoryMonitors, monitorSeconds } from './memory-monitor.ts'
import { type ProcessReading, type RequestCost, requestCost } from './process-cost.ts'
import type { Relay, Workshop } from './relays.ts'
import type { Sink, SinkReport } from './sink.ts'

const SNMP = '/proc/net/snmp'
const PROCESSORS = '/proc/stat'
/** A void measurement is made again so often. The least disturbed is returned. */
const MOST_REPEATS = 2
const MONITORS = memoryMonitors()

export interface Measurement {
  readonly load: Load
  readonly counts: SideCounts
  readonly lossShare: number
  /** Microseconds from the intended moment of sending. */
  readonly latency: Quantiles
  readonly latencyUnstalled: Quantiles
  readonly stalls: GeneratorReport['stalls']
  /** Processor time of the relay, all threads, for each answered request; undefined for nothing. */
  readonly cpuMicros: number | undefined
  readonly cpu: RequestCost | undefined
  readonly residentBytes: number | undefined
  readonly machine: MachineUse
  readonly generator: Pick<GeneratorReport, 'cpuSeconds' | 'wallSeconds' | 'lateness'>
  readonly sink: { readonly received: number; readonly answered: number; readonly bad: number }
  /** What the kernel counted meanwhile, and how many datagrams fewer than generator and sink claim; 0 is agreement. */
  readonly kernel: (UdpCounters & { readonly missing: number }) | undefined
  readonly steps: GeneratorReport['steps']
}

/** All readings at one moment. */
interface Reading {
  readonly relay: ProcessReading | undefined
  readonly sink: SinkReport
  readonly kernel: UdpCounters | undefined
  readonly processors: ProcessorTimes
  readonly benchSeconds: number
  readonly monitorSeconds: number
}

/** Sends `load` through `relay` to `sink`; again, if others used too much of the machine meanwhile. */
export async function measure(workshop: Workshop, relay: Relay, sink: Sink, load: Load): Promise<Measurement> {
  let best = await measureOnce(workshop, relay, sink, load)
  let repeats = 0
  while (isDisturbed(best.machine) && repeats < MOST_REPEATS) {
    repeats += 1
    const next = await measureOnce(workshop, relay, sink, load)
    if (next.machine.others < best.machine.others) best = next
  }
  return { ...best, machine: { ...best.machine, repeats } }
}

/** Sends `load` through `relay` to `sink`, whatever else runs. */
export async function measureOnce(workshop: Workshop, relay: Relay, sink: Sink, load: Load): Promise<Measurement> {
  const before = await readAll(relay, sink)
  const report = await generate(workshop.programs.generator, relay.ports, load)
  const after = await readAll(relay, sink)
  const counts = together(report)
  const atSink = sinkDifference(before.sink, after.sink)
  const cpu =
    before.relay === undefined || after.relay === undefined || counts.answered === 0
      ? undefined
      : requestCost(before.relay, after.relay, counts.answered)
  const kernel =
    before.kernel === undefined || after.kernel === undefined ? undefined : counted(before.kernel, after.kernel)
  const others = usedByOthers(before.processors, after.processors, ownSeconds(before, after) + report.cpuSeconds)
  return {
    load,
    counts,
    lossShare: counts.sent === 0 ? 1 : counts.lost / counts.sent,
    latency: report.latency,
    latencyUnstalled: report.latencyUnstalled,
    stalls: report.stalls,
    cpuMicros: cpu === undefined ? undefined : cpu.user + cpu.system,
    cpu,
    residentBytes: after.relay?.cost.residentBytes,
    machine: {
      ...others,
      memoryMonitor: (after.monitorSeconds - before.monitorSeconds) / report.wallSeconds,
      othersAtMost: workshop.othersAtMost,
      repeats: 0,
    },
    generator: { cpuSeconds: report.cpuSeconds, wallSeconds: report.wallSeconds, lateness: report.lateness },
    sink: atSink,
    kernel: kernel === undefined ? undefined : { ...kernel, missing: missingIn(kernel, counts, atSink) },
    steps: report.steps,
  }
}

async function readAll(relay: Relay, sink: Sink): Promise<Reading> {
  const { user, system } = process.cpuUsage()
  return {
    relay: relay.reading(),
    sink: await sink.report(),
    kernel: readKernel(),
    processors: parseProcessorTimes(readFileSync(PROCESSORS, 'utf8')),
    benchSeconds: (user + system) / 1_000_000,
    monitorSeconds: monitorSeconds(MONITORS),
  }
}

/** What relay, sink and bench used; the generator says it itself. */
const ownSeconds = (before: Reading, after: Reading): number =>
  (after.relay?.cost.cpuSeconds ?? 0) -
  (before.relay?.cost.cpuSeconds ?? 0) +
  (after.sink.cpuSeconds - before.sink.cpuSeconds) +
  (after.benchSeconds - before.benchSeconds)

/** Datagrams that generator and sink say they sent or received, and the kernel has not seen. */
export function missingIn(
  kernel: UdpCounters,
  { sent, unsent, answered, again, late, bad }: SideCounts,
  sink: { readonly received: number; readonly answered: number; readonly bad: number },
): number {
  const received = answered + again + late + bad + sink.received + sink.bad
  return Math.max(0, sent - unsent + sink.answered - kernel.sent) + Math.max(0, received - kernel.received)
}

function readKernel(): UdpCounters | undefined {
  try {
    return parseUdpCounters(readFileSync(SNMP, 'utf8'))
  } catch {
    return undefined
  }
}

function sinkDifference(before: SinkReport, after: SinkReport): Measurement['sink'] {
  const grown = (key: 'received' | 'answered' | 'bad'): number =>
    after.access[key] + after.accounting[key] - before.access[key] - before.accounting[key]
  return { received: grown('received'), answered: grown('answered'), bad: grown('bad') }
}
