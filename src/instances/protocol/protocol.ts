/**
 * What the daemon's main thread and the thread of an instance say to each other.
 *
 * The main thread calls, and the instance answers each call once. Beside that an instance only sends lines for its logs. No
 * packet crosses between threads: what all instances must know at once is in shared memory.
 */
import { codedError, codeOf, type ErrorCode, systemCodeOf } from '../../coded-error.ts'
import type { Followed, TraceEvent } from '../../proxy/border/events.ts'
import type { Draining } from '../../proxy/border/ports.ts'
import type { FoundLearned } from '../../proxy/inspection.ts'
import type { ThreadPacketIo } from '../../transport/choice/packet-io.ts'
import type { ListenOptions } from '../../transport/listener-plan.ts'
import type { Instant } from '../../units.ts'
import type { PlainOptions } from '../shared/plain-options.ts'
import type { SharedMemory } from '../shared/shared-memory.ts'
import type { ClientsChange } from './clients-change.ts'
import type { FoundSessions, SoughtSessions } from './found.ts'
import type { InstanceView, ViewPart } from './instance-view.ts'

export interface ThreadStart {
  /** From 0 up. */
  readonly number: number
  /** How many instances there are. */
  readonly of: number
  readonly settings: InstanceSettings
  /** The same for all threads until the daemon ends. */
  readonly packetIo: ThreadPacketIo
  /** The end of the grid second in which the thread before it ended: that one may have used all of its slots. */
  readonly usedUpUntil: Instant
  /** For its ledgers, which are read when it is gone. */
  readonly books: SharedArrayBuffer
}

/** What a thread is started with. */
export interface ThreadData extends ThreadStart {
  /** Of a `DescriptorTable`. */
  readonly descriptors: SharedArrayBuffer
}

/** Settings for a thread that has others already. */
export interface ChangedSettings extends InstanceSettings {
  /** Without the clients. */
  readonly options: PlainOptions
  readonly clients: ClientsChange
}

export interface InstanceSettings {
  /** Whether the main thread wants a line for each accounting session that ended. */
  readonly logsSessions: boolean
  readonly options: PlainOptions
  readonly memory: SharedMemory
  readonly logLevel: string
  /** How often operators made `auto` forget which peers sign. If this rises, the instance forgets them. */
  readonly forgets: number
}

/** What the main thread asks; each call is answered once. */
export interface InstanceProtocol {
  /** Opens the sockets towards the servers of the settings that it was started with. */
  open(nothing: undefined): Promise<void>
  /** Opens the listeners: from now on it serves. */
  listen(options: ListenOptions): Promise<void>
  /** What this machine's addresses are now: listeners follow them. */
  addresses(local: readonly string[]): Promise<void>
  /** Opens what these options need beside what is open; it ignores their clients. */
  prepare(options: PlainOptions): Promise<void>
  /** Closes what was prepared. */
  forget(nothing: undefined): Promise<void>
  /** Uses what was prepared. */
  reconfigure(settings: ChangedSettings): Promise<void>
  /** Accepts no new requests from now on, or accepts traffic again. */
  drain(how: Draining): Promise<void>
  /** Answers when it has nothing in hand, or does not drain any more. */
  idle(nothing: undefined): Promise<void>
  /** From now on these requests are followed, and none but these. */
  follow(followed: readonly Followed[]): Promise<void>
  /** Undefined if sessions are not tracked. */
  sessions(sought: SoughtSessions): Promise<FoundSessions | undefined>
  /** The clients and servers that sign, as `auto` has learned; no more than so many addresses. */
  learned(limit: number): Promise<FoundLearned>
  /** Everything at this moment but the long lists; `viewPart` fetches their parts, each by its number. */
  view(nothing: undefined): Promise<{ readonly first: InstanceView; readonly parts: number }>
  viewPart(part: number): Promise<ViewPart>
  close(nothing: undefined): Promise<void>
}

export type MethodName = keyof InstanceProtocol
export type Argument<Name extends MethodName> = Parameters<InstanceProtocol[Name]>[0]
export type AnswerOf<Name extends MethodName> = Awaited<ReturnType<InstanceProtocol[Name]>>

export interface ToInstance {
  readonly id: number
  readonly name: MethodName
  readonly argument: unknown
}

/** A step of a followed request; `lost` events before it were left out. */
export interface Traced {
  readonly traces: readonly number[]
  readonly event: TraceEvent
  readonly lost: number
}

/** What an instance says without being asked. */
export interface MainThread {
  line(line: string): void
  /** Lines for the sessions log. */
  sessionsEnded(lines: readonly string[]): void
  traced(told: Traced): void
}

export type FromInstance =
  | { readonly kind: 'line'; readonly line: string }
  | { readonly kind: 'sessions-ended'; readonly lines: readonly string[] }
  | ({ readonly kind: 'traced' } & Traced)
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: PlainError }

/** An error as data. If an `Error` itself is sent from a thread to another, its codes are lost. */
export interface PlainError {
  readonly message: string
  readonly stack: string | undefined
  /** Of a coded error. */
  readonly code: ErrorCode | undefined
  /** Of the system call behind it. */
  readonly systemCode: string | undefined
}

export const plainError = (error: unknown): PlainError => ({
  message: error instanceof Error ? error.message : String(error),
  stack: error instanceof Error ? error.stack : undefined,
  code: codeOf(error),
  systemCode: error instanceof Error ? systemCodeOf(error.cause) : undefined,
})

export function errorFrom({ message, stack, code, systemCode }: PlainError): Error {
  const cause = systemCode === undefined ? undefined : Object.assign(new Error(systemCode), { code: systemCode })
  if (code !== undefined) return codedError(code, message, cause)
  const error = new Error(message, { cause })
  if (stack !== undefined) error.stack = stack
  return error
}
