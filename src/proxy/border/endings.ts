/**
 * The one list of ways in which a request can end, and of the places where it can be until then.
 *
 * Everything that names them derives from these two lists: counters and their types, the numbers that outlive a crash,
 * metrics and docs/metrics.md, the text of `status`, `top` and `simulate`. A new ending is one line here and a test. A new
 * reason is one line here, one in docs/glossary.md and a test (`test/tidy.test.ts`).
 *
 * The law: at every moment, for each class, received = all endings + all places. So a request that is lost, or that ends
 * twice, is a bug that shows. Status-Server requests are answered at once and counted apart (`ClassCounters`).
 */
import { REQUEST_FAULTS, RESPONSE_FAULTS } from '../../radius/faults.ts'

/** Why a client's datagram ended in a drop: faults of the packet itself, then what only a proxy can find. */
export const CLIENT_DROP_REASONS = [
  ...REQUEST_FAULTS,
  'unknown-client',
  'from-ourselves',
  'from-port-zero',
  'state-server-down',
  'unusable-response',
  'draining',
  'internal-error',
] as const
export type ClientDropReason = (typeof CLIENT_DROP_REASONS)[number]

/** Why a server's datagram was thrown away; none of them changes the server's health. */
export const SERVER_DROP_REASONS = [...RESPONSE_FAULTS, 'late', 'internal-error'] as const
export type ServerDropReason = (typeof SERVER_DROP_REASONS)[number]

/** Why a queued message was removed: a bound of its class, or its client's share of one (`max_share`). */
export const SHED_REASONS = ['queue-messages', 'queue-bytes', 'client-share'] as const
export type ShedReason = (typeof SHED_REASONS)[number]

/** Whether it says that proof was there and did not verify: most often a wrong shared secret. */
export const isWrongProof = (reason: ClientDropReason | ServerDropReason): boolean =>
  reason === 'bad-authenticator' || reason === 'bad-message-authenticator'

interface EndingDefinition {
  /** Of the counter. Its metric has the same name in snake_case. */
  readonly name: string
  /** `served`: a server has it. `absorbed`: another request stands for it. `failed`: nobody has answered it. */
  readonly kind: 'served' | 'absorbed' | 'failed'
  /** Behind a number, as in "3 given up". */
  readonly words: string
  readonly help: string
  /** It is counted by reason. */
  readonly reasons?: readonly string[]
}

export const ENDINGS = [
  { name: 'answered', kind: 'served', words: 'answered', help: 'Requests whose answer went to the client.' },
  {
    name: 'deliveredUnanswered',
    kind: 'served',
    words: 'delivered unanswered',
    help: 'Accounting records delivered after their client reused the identifier, so that no answer was sent.',
  },
  {
    name: 'duplicate',
    kind: 'absorbed',
    words: 'retransmissions absorbed',
    help: 'Retransmissions absorbed or answered again.',
  },
  {
    name: 'dropped',
    kind: 'failed',
    words: 'dropped',
    help: 'Datagrams refused, by reason.',
    reasons: CLIENT_DROP_REASONS,
  },
  {
    name: 'shed',
    kind: 'failed',
    words: 'shed',
    help: "Queued requests removed from a full queue by its overflow policy, or beyond their client's max_share.",
    reasons: SHED_REASONS,
  },
  {
    name: 'expired',
    kind: 'failed',
    words: 'expired',
    help: "Requests that waited longer than max_age. With `max_age: auto` most are logins that were forgotten just before their client's next copy, which enters anew: one login may be counted several times.",
  },
  {
    name: 'superseded',
    kind: 'failed',
    words: 'superseded',
    help: 'Requests that the client gave up for a newer one.',
  },
  {
    name: 'coalesced',
    kind: 'absorbed',
    words: 'coalesced',
    help: 'Interim updates for which a newer one of their session is sent (`interims: newest`).',
  },
  { name: 'givenUp', kind: 'failed', words: 'given up', help: 'Requests that no server answered.' },
  // An engine never loses one: what a crash loses is worked out afterwards.
  {
    name: 'lost',
    kind: 'failed',
    words: 'lost',
    help: 'Requests that an instance had in hand when it crashed.',
  },
] as const satisfies readonly EndingDefinition[]

export const PLACES = [
  { name: 'queued', words: 'waiting', help: 'Requests that wait anywhere.' },
  { name: 'outstanding', words: 'outstanding', help: 'Requests at a server, unanswered so far.' },
  { name: 'kept', words: 'kept', help: 'Accounting records that wait on a disk: none so far.' },
] as const

type Ending = (typeof ENDINGS)[number]
export type EndingName = Ending['name']
export type Place = (typeof PLACES)[number]['name']
export type PlaceCounts = Readonly<Record<Place, number>>

/** A number; for an ending with reasons, a number for each. */
type CountOf<E> = E extends { readonly reasons: readonly (infer Reason extends string)[] }
  ? Readonly<Record<Reason, number>>
  : number

export type LedgerSnapshot = { readonly received: number } & { readonly [E in Ending as E['name']]: CountOf<E> }

/** The ledger with these numbers: what was received, then for each ending one number, or one for each reason. */
export function ledgerOf(numberAt: (at: number) => number): LedgerSnapshot {
  let at = 0
  const next = (): number => numberAt(at++)
  const count = ({ reasons }: EndingDefinition) =>
    reasons === undefined ? next() : Object.fromEntries(reasons.map((reason) => [reason, next()]))
  const received = ['received', next()] as const
  return Object.fromEntries([received, ...ENDINGS.map((one) => [one.name, count(one)] as const)]) as LedgerSnapshot
}

/** The numbers of a ledger, in the order of `ledgerOf`. */
export const numbersOf = (ledger: LedgerSnapshot): number[] =>
  Object.values(ledger).flatMap((count) => (typeof count === 'number' ? count : Object.values(count)))

/** How many ended so, for whatever reason. */
export function endedBy(ledger: LedgerSnapshot, name: EndingName): number {
  const count: number | Readonly<Record<string, number>> = ledger[name]
  return typeof count === 'number' ? count : Object.values(count).reduce((a, b) => a + b, 0)
}

export const NOWHERE = Object.fromEntries(PLACES.map(({ name }) => [name, 0])) as PlaceCounts

/** What the law leaves over of a ledger's numbers. Anything but 0 is a bug. */
export function leftOver(numbers: ArrayLike<number>, places: PlaceCounts): number {
  let left = numbers[0] as number
  for (let at = 1; at < numbers.length; at += 1) left -= numbers[at] as number
  for (const { name } of PLACES) left -= places[name]
  return left
}

/** The same of a class at one moment. */
export const imbalance = (of: PlaceCounts & { readonly ledger: LedgerSnapshot }): number =>
  leftOver(numbersOf(of.ledger), of)
