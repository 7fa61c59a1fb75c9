/**
 * The bench's side of the sink, a RADIUS server that answers everything and reports what arrived when.
 */
import { readFileSync } from 'node:fs'
import { endianness } from 'node:os'
import { BenchProcess } from './bench-process.ts'
import { freePort } from './free-port.ts'
import { SECRET, type ServerPorts } from './relay-settings.ts'

export interface SinkOptions {
  readonly delayMicros?: number
  readonly loss?: number
  /** Requests a second that it works off. */
  readonly capacity?: number
  readonly backlog?: number
  readonly isSilent?: boolean
  /** Where it writes down the arrivals, when it ends. */
  readonly record?: string
}

export interface SinkPortReport {
  /** Right requests, retries too; probes are counted apart. */
  readonly received: number
  readonly answered: number
  readonly bad: number
  readonly lost: number
  readonly overflowed: number
  readonly silenced: number
  readonly probes: number
  /** Requests that came after one with a higher number: out of order, or again. */
  readonly reordered: number
  readonly recorded: number
  readonly kernelDrops: number
}

export interface SinkReport {
  readonly access: SinkPortReport
  readonly accounting: SinkPortReport
  readonly waiting: number
  readonly cpuSeconds: number
}

const LIVES_SECONDS = 3_600

export class Sink {
  readonly ports: ServerPorts
  readonly #process: BenchProcess
  readonly #record: string | undefined

  private constructor(ports: ServerPorts, process: BenchProcess, record: string | undefined) {
    this.ports = ports
    this.#process = process
    this.#record = record
  }

  static async start(program: string, options: SinkOptions = {}): Promise<Sink> {
    const ports = { access: await freePort(), accounting: await freePort() }
    const { delayMicros = 0, loss = 0, capacity = 0, backlog = 10_000, isSilent = false, record } = options
    const words: Record<string, string | number> = {
      '--secret': SECRET,
      '--access-port': ports.access,
      '--accounting-port': ports.accounting,
      '--delay-us': delayMicros,
      '--loss': loss,
      '--capacity': capacity,
      '--backlog': backlog,
      '--silent': isSilent ? 1 : 0,
      '--seconds': LIVES_SECONDS,
      ...(record === undefined ? {} : { '--record': record }),
    }
    const child = new BenchProcess(
      program,
      Object.entries(words).flatMap(([name, value]) => [name, String(value)]),
    )
    if ((await child.nextLine()) !== 'ready') throw new Error(`bench: the sink did not start: ${child.output}`)
    return new Sink(ports, child, record)
  }

  /** Counts since its start. */
  async report(): Promise<SinkReport> {
    this.#process.tell('report')
    return JSON.parse(await this.#process.nextLine()) as SinkReport
  }

  /** From now on requests are taken in and forgotten. */
  silence(): void {
    this.#process.tell('silent')
  }
  talk(): void {
    this.#process.tell('talk')
  }

  async stop(): Promise<void> {
    await this.#process.finish()
  }

  /** When requests arrived, microseconds of the monotonic clock; only after it has stopped. */
  arrivals(kind: keyof ServerPorts): readonly number[] {
    if (this.#record === undefined) throw new Error('bench: this sink was not asked to write down arrivals')
    return readMoments(readFileSync(`${this.#record}.${kind}`))
  }
}

/** A file of 64-bit floats in the machine's order. */
function readMoments(octets: Buffer): number[] {
  const isLittle = endianness() === 'LE'
  return Array.from({ length: Math.floor(octets.length / 8) }, (_, index) =>
    isLittle ? octets.readDoubleLE(index * 8) : octets.readDoubleBE(index * 8),
  )
}
