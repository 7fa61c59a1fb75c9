/**
 * The log: JSON lines on standard output, one object each: `level`, `time`, `event`, the event's fields, `msg`.
 *
 * Writing never blocks the packet path: up to 1 MiB of lines wait in memory for the reader, then new ones are lost. Frequent
 * events of the engine are bounded to one line a second of each kind, with the count. The octets of a packet are written at
 * level debug only. Logging never throws: a line that can't be written is lost and counted.
 */
import { type Logger, pino, stdTimeFunctions } from 'pino'
import type { EngineEvent } from '../../proxy/border/events.ts'
import type { Journal } from '../../proxy/border/ports.ts'
import type { Instant } from '../../units.ts'
import { LineLimiter } from '../boundary/line-limiter.ts'
import { type BoundedLine, type EventLine, lineOf } from './event-lines.ts'
import { EVENTS, type EventName, type FieldsOf, sentenceOf } from './events.ts'
import { LineOutput } from './line-output.io.ts'

const MOST_WAITING = 1024 * 1024
const STANDARD_OUTPUT = 1
const LAST_WAIT_MS = 1_000

/** Where lines go: standard output, or a test's array. */
export type LogTarget = Pick<LineOutput, 'write' | 'drained' | 'lost'>

export class Log implements Journal {
  readonly #pino: Logger
  readonly #target: LogTarget
  readonly #limiter = new LineLimiter<BoundedLine>()
  /** Lines that could not be made or handed over. */
  #failed = 0

  /** `base`: fields of every line, as the number of the instance. */
  constructor(
    level: string,
    target: LogTarget = new LineOutput(STANDARD_OUTPUT, MOST_WAITING),
    base?: Readonly<Record<string, string | number>>,
  ) {
    this.#target = target
    this.#pino = pino(
      {
        level,
        base: base ?? null,
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      target,
    )
  }

  setLevel(level: string): void {
    this.#pino.level = level
  }

  write<Name extends EventName>(name: Name, fields: FieldsOf<Name>): void {
    this.#line({ name, fields })
  }

  /** An event that may come thousands of times a second: one line a second for each kind, with the count. */
  writeBounded(event: BoundedLine, now: Instant): void {
    this.#orLost(() => {
      const line = this.#limiter.admit(event.kind, event, now)
      if (line) this.#boundedLine(line.event, line.count)
    })
  }

  note(event: EngineEvent, now: Instant): void {
    this.#orLost(() => {
      const line = lineOf(event)
      if (!('kind' in line)) this.#line(line)
      // The line may be held back, and the octets are valid for this call only.
      else if (line.bytes)
        this.writeBounded({ ...line, bytes: this.#showsOctets() ? Uint8Array.from(line.bytes) : undefined }, now)
      else this.writeBounded(line, now)
    })
  }

  /** A line that the log of another thread has made. */
  passOn(line: string): void {
    this.#orLost(() => this.#target.write(line))
  }

  /** Writes the lines whose second is over; call it about once a second. */
  flushDue(now: Instant): void {
    this.#orLost(() => {
      for (const { event, count } of this.#limiter.due(now)) this.#boundedLine(event, count)
    })
  }

  /** Lines that could not be written since the start. */
  get lost(): number {
    return this.#target.lost + this.#failed
  }

  /** Writes what is held, and waits a bounded time until the reader has it. */
  async end(): Promise<void> {
    this.#orLost(() => {
      for (const { event, count } of this.#limiter.takeHeld()) this.#boundedLine(event, count)
    })
    await this.#target.drained(LAST_WAIT_MS)
  }

  #boundedLine({ bytes, fields, ...line }: BoundedLine, count: number): void {
    const octets = bytes && this.#showsOctets() ? { hex: Buffer.from(bytes).toString('hex') } : {}
    this.#line({ ...line, fields: { ...fields, count } }, octets)
  }

  #showsOctets(): boolean {
    return this.#pino.isLevelEnabled('debug')
  }

  #line({ name, fields, hint = '' }: EventLine, more: object = {}): void {
    this.#orLost(() =>
      this.#pino[EVENTS[name].level]({ event: name, ...fields, ...more }, `${sentenceOf(name, fields)}${hint}`),
    )
  }

  #orLost(write: () => void): void {
    try {
      write()
    } catch {
      this.#failed += 1
    }
  }
}
