/**
 * Measures one load through one relay from all sides: the generator's report, the sink's count, the kernel's count, and what
 * the relay used. If they do not agree on the datagrams, the measurement is invalid.
 */
import { readFileSync } from 'node:fs'
import { type GeneratorReport, generate, type Load, type Quantiles, type SideCounts, together } from './generator.ts'
import { counted, parseUdpCounters, type UdpCounters } from './kernel-counters.ts'
import type { Relay, Workshop } from './relays.ts'
import type { Sink, SinkReport } from './sink.ts'

const SNMP = '/proc/net/snmp'

export interface Measurement {
  readonly load: Load
  readonly counts: SideCounts
  readonly lossShare: number
  /** Microseconds from the intended moment of sending. */
  readonly latency: Quantiles
  /** Processor time of the relay, all threads, for each answered request; undefined for nothing. */
  readonly cpuMicros: number | undefined
  readonly residentBytes: number | undefined
  readonly generator: Pick<GeneratorReport, 'cpuSeconds' | 'wallSeconds' | 'lateness'>
  readonly sink: { readonly received: number; readonly answered: number; readonly bad: number }
  /** What the kernel counted meanwhile, and how many datagrams fewer than generator and sink claim; 0 is agreement. */
  readonly kernel: (UdpCounters & { readonly missing: number }) | undefined
  readonly steps: GeneratorReport['steps']
}

/** Sends `load` through `relay` to `sink`. */
export async function measure(workshop: Workshop, relay: Relay, sink: Sink, load: Load): Promise<Measurement> {
  const before = { cost: relay.cost(), sink: await sink.report(), kernel: readKernel() }
  const report = await generate(workshop.programs.generator, relay.ports, load)
  const after = { cost: relay.cost(), sink: await sink.report(), kernel: readKernel() }
  const counts = together(report)
  const atSink = sinkDifference(before.sink, after.sink)
  const cpuSeconds =
    before.cost === undefined || after.cost === undefined ? undefined : after.cost.cpuSeconds - before.cost.cpuSeconds
  const kernel =
    before.kernel === undefined || after.kernel === undefined ? undefined : counted(before.kernel, after.kernel)
  return {
    load,
    counts,
    lossShare: counts.sent === 0 ? 1 : counts.lost / counts.sent,
    latency: report.latency,
    cpuMicros:
      cpuSeconds === undefined || counts.answered === 0 ? undefined : (cpuSeconds * 1_000_000) / counts.answered,
    residentBytes: after.cost?.residentBytes,
    generator: { cpuSeconds: report.cpuSeconds, wallSeconds: report.wallSeconds, lateness: report.lateness },
    sink: atSink,
    kernel: kernel === undefined ? undefined : { ...kernel, missing: missingIn(kernel, counts, atSink) },
    steps: report.steps,
  }
}

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
