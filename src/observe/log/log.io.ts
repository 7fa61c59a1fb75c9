/**
 * The log: JSON lines on standard output, one object each: `level`, `time`, `event`, the event's fields, `msg`.
 *
 * Writing never blocks the packet path: lines wait in memory for the reader, at most 1 MiB of them, then new ones are
 * lost. The engine's journal ends here; its frequent events are bounded to one line a second of each kind, with the
 * count. The octets of a packet are shown at level debug only. Logging never throws: a line that can't be written, whatever
 * the reason, is lost and counted.
 */
import { type Logger, pino, stdTimeFunctions } from 'pino'
import { endpointText } from '../../addresses.ts'
import type { ClientDropReason, ServerDropReason } from '../../proxy/border/endings.ts'
import type { EngineEvent } from '../../proxy/border/events.ts'
import type { Journal } from '../../proxy/border/ports.ts'
import { heldText } from '../../proxy/work/contact.ts'
import { givenUpSentence } from '../../proxy/work/given-up.ts'
import { type Instant, lengthOfTime, MICROS_PER_SECOND } from '../../units.ts'
import { LineLimiter } from '../boundary/line-limiter.ts'
import { seenText, UNKNOWN_UNSIGNED } from '../view/seen-text.ts'
import { EVENTS, type EventName, type FieldsOf, sentenceOf } from './events.ts'
import { LineOutput } from './line-output.io.ts'

const MOST_WAITING = 1024 * 1024
const STANDARD_OUTPUT = 1
/** How long the end of the process waits for the reader of the log. */
const LAST_WAIT_MS = 1_000

/** Where lines go: standard output, or a test's array. */
export type LogTarget = Pick<LineOutput, 'write' | 'drained' | 'lost'>

type Frequent = {
  readonly [Name in EventName]: {
    readonly name: Name
    readonly fields: Record<string, string | number>
    readonly bytes?: Uint8Array
    /** What the sentence ends with, where the fields do not say enough. */
    readonly hint?: string
  }
}[EventName]

export class Log implements Journal {
  readonly #pino: Logger
  readonly #target: LogTarget
  readonly #limiter = new LineLimiter<Frequent>()
  /** Lines at which our own code or the target threw. */
  #failed = 0

  /** `base`: fields of every line, as the instance that speaks. */
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

  /** From now on lines below this level are left out. */
  setLevel(level: string): void {
    this.#pino.level = level
  }

  /** Writes one event. */
  write<Name extends EventName>(name: Name, fields: FieldsOf<Name>): void {
    this.#line(name, fields)
  }

  /** An event that may come thousands of times a second: one line a second, with the count. */
  writeBounded(event: Frequent, kind: string, now: Instant): void {
    this.#orLost(() => {
      const line = this.#limiter.admit(kind, event, now)
      if (line) this.#boundedLine(line.event, line.count)
    })
  }

  note(event: EngineEvent, now: Instant): void {
    this.#orLost(() => this.#note(event, now))
  }

  #note(event: EngineEvent, now: Instant): void {
    if (event.kind === 'server-state') this.#serverState(event)
    else if (event.kind === 'servers-back') this.write(event.kind, { class: event.class, parked: event.parked })
    else if (event.kind === 'all-servers-down') {
      const advice = event.held.length === 0 ? 'look at the servers' : heldText(event.held)
      this.write(event.kind, { class: event.class, parked: event.parked, advice })
    } else if (event.kind === 'accounting-anomaly') this.#anomaly(event)
    else {
      const { line, kind } = frequent(event)
      this.writeBounded(line, kind, now)
    }
  }

  /** Passes on a line that a log of another thread has made. */
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

  /** Writes what is held and waits, for a bounded time, until the reader has it: before the process ends. */
  async end(): Promise<void> {
    this.#orLost(() => {
      for (const { event, count } of this.#limiter.rest()) this.#boundedLine(event, count)
    })
    await this.#target.drained(LAST_WAIT_MS)
  }

  #serverState(event: Extract<EngineEvent, { kind: 'server-state' }>): void {
    const why = event.hint === undefined ? event.why : `${event.why}; ${event.hint}`
    const fields = { server: event.server, class: event.class, from: STATE_WORDS[event.from], why }
    if (event.to !== 'down') this.write(STATE_EVENTS[event.to], fields)
    else {
      const next = event.isLast === true ? LAST_SERVED : 'its messages go to the other servers'
      this.write(event.isHeld === true ? 'server-held-down' : 'server-down', { ...fields, next })
    }
  }

  #anomaly({ anomaly, session, record, count }: Extract<EngineEvent, { kind: 'accounting-anomaly' }>): void {
    const { client, user } = session
    const known = (figure: string | number | null): string => (figure === null ? 'unknown' : String(figure))
    const { sessionSeconds, inputOctets, outputOctets, inputPackets, outputPackets } = session
    const octets = `octets ${known(inputOctets)} in ${known(outputOctets)} out`
    const packets = `packets ${known(inputPackets)} in ${known(outputPackets)} out`
    const before = `session time ${known(sessionSeconds)} s, ${octets}, ${packets}`
    this.write('accounting-anomaly', { anomaly, client, session: session.session, user, before, record, count })
  }

  #boundedLine({ name, fields, bytes, hint }: Frequent, count: number): void {
    const shown = bytes && this.#pino.isLevelEnabled('debug') ? { hex: Buffer.from(bytes).toString('hex') } : {}
    this.#line(name, { ...fields, count }, shown, hint)
  }

  #line(name: EventName, fields: Readonly<Record<string, string | number>>, more: object = {}, hint = ''): void {
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

const STATE_EVENTS = {
  active: 'server-active',
  not_responding: 'server-not-responding',
  failing: 'server-failing',
} as const satisfies Readonly<Record<string, EventName>>
const LAST_SERVED = 'it was the last that served: messages wait within their bounds, /readyz is 503'
const STATE_WORDS = { active: 'Active', not_responding: 'Not Responding', failing: 'Failing', down: 'Down' } as const

type FrequentEvent = Exclude<
  EngineEvent,
  { kind: 'server-state' | 'all-servers-down' | 'servers-back' | 'accounting-anomaly' }
>

/** The line for an event and the kind it is counted under: only names of the configuration and of closed lists. */
function frequent(event: FrequentEvent): { readonly line: Frequent; readonly kind: string } {
  switch (event.kind) {
    case 'dropped': {
      const client = event.client ?? 'an unknown client'
      const from = endpointText(event.from)
      const fields = { class: event.class, reason: event.reason, client, from }
      const kind = `dropped ${event.class} ${event.reason} ${event.client ?? ''}`
      return { line: { name: 'dropped', fields, bytes: event.bytes, hint: hintOf(event.reason) }, kind }
    }
    case 'signature-learned': {
      const { kind, peer, name, at, packet } = event
      return {
        line: { name: kind, fields: { peer, name, at, packet: seenText(packet) } },
        kind: `${kind} ${peer} ${name}`,
      }
    }
    case 'signature-forgotten': {
      const { kind, peer, name, at, because } = event
      const fields = { peer, name, at, reason: FORGOTTEN_BECAUSE[because] }
      return { line: { name: kind, fields }, kind: `${kind} ${peer} ${name}` }
    }
    case 'mixed-signing': {
      const { kind, peer, name, at, packet } = event
      const unsigned = event.unsigned === undefined ? UNKNOWN_UNSIGNED : seenText(event.unsigned)
      const fields = { peer, name, at, packet: seenText(packet), unsigned }
      return { line: { name: kind, fields }, kind: `${kind} ${peer} ${name}` }
    }
    case 'shed': {
      const record = event.record ?? 'access-request'
      const fields = { class: event.class, reason: event.reason, client: event.client, record }
      return { line: { name: 'shed', fields }, kind: `shed ${event.class} ${event.reason} ${event.client} ${record}` }
    }
    case 'expired': {
      const fields = { class: event.class, client: event.client }
      return { line: { name: event.kind, fields }, kind: `${event.kind} ${event.class} ${event.client}` }
    }
    case 'given-up': {
      const fields = { class: event.class, client: event.client, how: givenUpSentence(event) }
      const hint = causeHint(event.cause)
      return { line: { name: event.kind, fields, hint }, kind: `${event.kind} ${event.class} ${event.client}` }
    }
    case 'unanswered-by-live-server': {
      const common = event.common.length === 0 ? 'nothing stands out among them' : event.common.join(', ')
      const fields = { server: event.server, class: event.class, client: event.client, common }
      const hint = causeHint(event.cause)
      return { line: { name: event.kind, fields, hint }, kind: `${event.kind} ${event.class} ${event.server}` }
    }
    case 'response-dropped': {
      const fields = { server: event.server, class: event.class, reason: event.reason }
      const kind = `response-dropped ${event.class} ${event.reason} ${event.server}`
      const hint = event.late === undefined ? hintOf(event.reason) : lateHint(event.late)
      return { line: { name: 'response-dropped', fields, bytes: event.bytes, hint }, kind }
    }
    case 'internal-error': {
      const fields = { where: event.where, error: errorText(event.error) }
      return { line: { name: 'internal-error', fields, bytes: event.bytes }, kind: `internal-error ${event.where}` }
    }
  }
}

const FORGOTTEN_BECAUSE = {
  silent: 'nothing signed came from there for 30 days',
  unsigned: 'require_message_authenticator: no took an unsigned packet from there',
} as const

/** Why it was dropped, where the reason alone does not say what to do. */
const hintOf = (reason: ClientDropReason | ServerDropReason): string =>
  reason === 'missing-message-authenticator'
    ? '; require_message_authenticator asks for it there, with auto since the event signature-learned: "radsluice show learned" says when and by which packet'
    : ''

const causeHint = (cause: string | undefined): string => (cause === undefined ? '' : `; ${cause}`)

/** `; it came 3.4 s after the first transmission, the time-out is 2.0 s`. */
const lateHint = ({ after, limit }: { readonly after: number; readonly limit: number }): string => {
  const [came, most] = [after, limit].map((micros) => lengthOfTime(micros / MICROS_PER_SECOND))
  return `; the last came ${came} after the first transmission, the time-out is ${most}`
}

/** An error as one text: with its stack, since only bugs get here. */
export const errorText = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
