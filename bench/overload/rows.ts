/**
 * The rows of the table of patience: which clients storm, and what makes it harder for a rule that has to find out their gaps.
 *
 * The plain rows are the clients of the specification, one kind each. A promise is the most that `max_age: auto` may take,
 * as a multiple of the model that knows all gaps.
 */
import { millis, seconds } from '../../src/units.ts'
import { type Attack, kind, type Storm } from './storm.ts'

export interface Row {
  readonly name: string
  readonly isPlain?: boolean
  readonly storm: Omit<Storm, 'sessions' | 'seed' | 'until'>
  readonly attack?: Attack
  /** Undefined if nothing is promised. */
  readonly promise: number | undefined
}

const NO_LOSS = 1.05
const SOME_LOSS = 1.07
/** The most waste that is promised, if anything is. */
export const PROMISED_WASTE = 0.05
/** The goal beside the best oracle. */
export const ORACLE_GOAL = 1.05

const THREE = [kind(3, 3)]
const FOUR = [kind(3, 4)]
const BACK_OFF = [kind(3, 4, { growth: 2 })]
const JITTER = { jitter: 0.1 }

const plain = (name: string, kinds: Row['storm']['kinds']): Row => ({
  name,
  isPlain: true,
  storm: { kinds },
  promise: NO_LOSS,
})
const harder = (name: string, kinds: Row['storm']['kinds'], o: Partial<Row['storm']> = {}): Row => ({
  name,
  storm: { kinds, ...o },
  promise: NO_LOSS,
})
const lossy = (name: string, kinds: Row['storm']['kinds']): Row[] => [
  { name: `${name}, 2 % lost`, storm: { kinds, loss: 0.02 }, promise: SOME_LOSS },
  { name: `${name}, 10 % lost`, storm: { kinds, loss: 0.1 }, promise: undefined },
]
const attacked = (name: string, attack: Attack): Row => ({
  name: `3 s x 3, ${name}`,
  storm: { kinds: THREE },
  attack,
  promise: NO_LOSS,
})

const PAIRS = { every: seconds(5), requests: 8, copies: 2, apart: millis(50) } as const
const FAST_DEVICE = { every: seconds(1), copies: 2, apart: millis(60) } as const

export const ROWS: readonly Row[] = [
  plain('3 s x 3', THREE),
  plain('3 s x 4', FOUR),
  plain('6 s x 3', [kind(6, 3)]),
  plain('5 s x 4', [kind(5, 4)]),
  plain('back-off 3, 6, 12, 24 s', BACK_OFF),
  plain('0.3 s x 3', [kind(0.3, 3)]),
  harder('3 s x 3, 3 s x 4, 6 s x 3, a third each', [
    kind(3, 3, { share: 1 / 3 }),
    kind(3, 4, { share: 1 / 3 }),
    kind(6, 3, { share: 1 / 3 }),
  ]),
  harder('80 % 3 s x 3, 20 % 6 s x 3', [kind(3, 3, { share: 0.8 }), kind(6, 3, { share: 0.2 })]),
  harder('80 % 5 s x 4, 20 % 0.3 s x 3', [kind(5, 4, { share: 0.8 }), kind(0.3, 3, { share: 0.2 })]),
  harder('50 % 5 s x 4, 50 % 0.3 s x 3', [kind(5, 4, { share: 0.5 }), kind(0.3, 3, { share: 0.5 })]),
  harder('50 % back-off, 50 % 3 s x 3', [kind(3, 4, { growth: 2, share: 0.5 }), kind(3, 3, { share: 0.5 })]),
  harder('3 s x 3, gaps +-10 %', [kind(3, 3, JITTER)]),
  harder('back-off, gaps +-10 %', [kind(3, 4, { growth: 2, ...JITTER })]),
  ...lossy('3 s x 3', THREE),
  ...lossy('3 s x 4', FOUR),
  ...lossy('back-off', BACK_OFF),
  harder('3 s x 3, restart at 10 s', THREE, { restart: { at: seconds(10), downFor: seconds(1) } }),
  attacked('8 forged pairs each 5 s, signed', { loops: [PAIRS] }),
  attacked('8 forged pairs each 5 s, unsigned', { loops: [{ ...PAIRS, isSigned: false }] }),
  attacked('a fast device at the same address', { loops: [FAST_DEVICE] }),
  attacked('1 % repeat every 10 ms', { repeaters: 0.01 }),
  attacked('every copy doubled after 1 ms', { doubledAfter: millis(1) }),
]
