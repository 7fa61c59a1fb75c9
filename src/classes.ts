/**
 * The classes of traffic, and what distinguishes them.
 *
 * Each class has its own ports, queues, rates and identifiers. A value for each class is made with `perClass`, and what
 * differs between classes is a trait. So a further class is one more entry here.
 */
import {
  ACCESS_ACCEPT,
  ACCESS_CHALLENGE,
  ACCESS_REJECT,
  ACCESS_REQUEST,
  ACCOUNTING_REQUEST,
  ACCOUNTING_RESPONSE,
} from './codes.ts'

export const TRAFFIC_CLASSES = ['authentication', 'accounting'] as const
export type TrafficClass = (typeof TRAFFIC_CLASSES)[number]
/**
 * The class whose requests are records. They are known by their content and grouped by session, and no silence of a server
 * ends them. There is one such class: what is remembered of records exists once.
 */
export const RECORD_CLASS = 'accounting' satisfies TrafficClass
/** One value for each class. */
export type PerClass<T> = Readonly<Record<TrafficClass, T>>

interface ClassTraits {
  /** The code of its requests. */
  readonly request: number
  /** The codes that answer one. The first of them also answers a Status-Server request (RFC 5997 section 4.2). */
  readonly responses: readonly [number, ...number[]]
  /** The UDP port where its servers listen by default. */
  readonly port: number
  /**
   * Where the ports are that it takes of a server's range of source ports: from the first one up, or from the last one down.
   * If classes share an end, they stand in their order.
   */
  readonly sourcePortStep: 1 | -1
  /** Which request goes first of those that were never sent: the lowest number. State says that its login has begun. */
  readonly preference: { readonly plain: number; readonly withState: number }
  /** One request, and many, in the words of an operator. */
  readonly nouns: readonly [one: string, many: string]
  /** For narrow columns. */
  readonly short: string
  /** Where a client's counters for its servers are defined. */
  readonly rfc: string
}

export const CLASS_TRAITS: PerClass<ClassTraits> = {
  authentication: {
    request: ACCESS_REQUEST,
    responses: [ACCESS_ACCEPT, ACCESS_REJECT, ACCESS_CHALLENGE],
    port: 1812,
    sourcePortStep: 1,
    preference: { plain: 1, withState: 0 },
    nouns: ['login', 'logins'],
    short: 'auth',
    rfc: 'RFC 4668',
  },
  accounting: {
    request: ACCOUNTING_REQUEST,
    responses: [ACCOUNTING_RESPONSE],
    port: 1813,
    sourcePortStep: -1,
    preference: { plain: 2, withState: 2 },
    nouns: ['record', 'records'],
    short: 'acct',
    rfc: 'RFC 4670',
  },
}

/** Makes one value for each class, in the order of the classes. */
export const perClass = <T>(make: (trafficClass: TrafficClass) => T): Record<TrafficClass, T> =>
  Object.fromEntries(TRAFFIC_CLASSES.map((each) => [each, make(each)])) as Record<TrafficClass, T>

/** The sum over all classes. */
export const sumOverClasses = (numberOf: (trafficClass: TrafficClass) => number): number =>
  TRAFFIC_CLASSES.reduce((sum, each) => sum + numberOf(each), 0)

/** The class of a packet by its code; undefined if the code is no request of any class. */
export const classOfRequest = (code: number): TrafficClass | undefined => CLASS_OF_CODE[code]

const CLASS_OF_CODE = Array.from({ length: 256 }, (_, code) =>
  TRAFFIC_CLASSES.find((each) => CLASS_TRAITS[each].request === code),
)
