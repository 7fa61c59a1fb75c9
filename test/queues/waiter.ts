/**
 * A message as the queues know it, for their tests: it knows its arrival number, its preference and its stage, and
 * nothing of RADIUS.
 */
import { CLASS_TRAITS } from '../../src/classes.ts'
import type { Chain } from '../../src/queues/containers/chained-list.ts'
import { type Allowance, Flow } from '../../src/queues/flow.ts'
import type { Message, Promoter, QueueFields, Stage } from '../../src/queues/message.ts'
import type { Patience } from '../../src/queues/patience.ts'
import { type Instant, instant } from '../../src/units.ts'

/** In the order of precedence. */
export const PREFERENCE = {
  state: CLASS_TRAITS.authentication.preference.withState,
  authentication: CLASS_TRAITS.authentication.preference.plain,
  accounting: CLASS_TRAITS.accounting.preference.plain,
}

const EVERYBODY = new Flow()

export class Waiter implements Message<Waiter> {
  readonly arrival: number
  readonly preference: number
  readonly size: number
  readonly receivedAt: Instant
  readonly isInterim: boolean
  /** Rises where a copy's client sends it again. */
  agesFrom: Instant
  nextInQueue: Waiter | undefined = undefined
  previousInQueue: Waiter | undefined = undefined
  isInQueue = false
  nextByAge: Waiter | undefined = undefined
  previousByAge: Waiter | undefined = undefined
  isInBacklog = false
  isOutdated = false
  nextInFlow: Waiter | undefined = undefined
  previousInFlow: Waiter | undefined = undefined
  flow: Flow
  allowance: Allowance | undefined
  patience: Patience | undefined = undefined
  nextInterim: Waiter | undefined = undefined
  previousInterim: Waiter | undefined = undefined
  stage: Stage
  queue: Message<Waiter>['queue'] = undefined
  promoter: Promoter<Waiter> | undefined = undefined

  constructor(
    arrival: number,
    o: {
      readonly preference?: keyof typeof PREFERENCE
      readonly stage?: Stage
      readonly size?: number
      readonly receivedAt?: number
      readonly interim?: boolean
      readonly flow?: Flow
      readonly allowance?: Allowance
    } = {},
  ) {
    this.arrival = arrival
    this.preference = PREFERENCE[o.preference ?? 'authentication']
    this.stage = o.stage ?? 'fresh'
    this.size = o.size ?? 100
    this.receivedAt = instant(o.receivedAt ?? arrival)
    this.isInterim = o.interim ?? false
    this.agesFrom = this.receivedAt
    this.flow = o.flow ?? EVERYBODY
    this.allowance = o.allowance
  }
}

export const arrivals = (waiters: Iterable<Waiter>): number[] => [...waiters].map(({ arrival }) => arrival)

/** A chain through the places in a queue. */
export const QUEUE_CHAIN: Chain<Waiter> = {
  next: (of) => of.nextInQueue,
  previous: (of) => of.previousInQueue,
  setNext: (of, next) => {
    of.nextInQueue = next
  },
  setPrevious: (of, previous) => {
    of.previousInQueue = previous
  },
  isLinked: (of) => of.isInQueue,
  link: (of, previous, next) => {
    of.previousInQueue = previous
    of.nextInQueue = next
    of.isInQueue = true
  },
  unlink: (of) => {
    of.previousInQueue = undefined
    of.nextInQueue = undefined
    of.isInQueue = false
  },
}

/** What the queues keep in a waiter. */
export const FIELDS: QueueFields<Waiter> = {
  size: ({ size }) => size,
  preference: ({ preference }) => preference,
  isInterim: (of) => of.isInterim,
  agesFrom: ({ agesFrom }) => agesFrom,
  flow: ({ flow }) => flow,
  allowance: ({ allowance }) => allowance,
  patience: ({ patience }) => patience,
  inQueue: QUEUE_CHAIN,
  promoter: {
    get: ({ promoter }) => promoter,
    set: (of, promoter) => {
      of.promoter = promoter
    },
  },
  byAge: {
    next: ({ nextByAge }) => nextByAge,
    previous: ({ previousByAge }) => previousByAge,
    setNext: (of, next) => {
      of.nextByAge = next
    },
    setPrevious: (of, previous) => {
      of.previousByAge = previous
    },
    isLinked: ({ isInBacklog }) => isInBacklog,
    link: (of, previous, next) => {
      of.previousByAge = previous
      of.nextByAge = next
      of.isInBacklog = true
    },
    unlink: (of) => {
      of.previousByAge = undefined
      of.nextByAge = undefined
      of.isInBacklog = false
    },
  },
  inFlow: {
    next: ({ nextInFlow }) => nextInFlow,
    previous: ({ previousInFlow }) => previousInFlow,
    setNext: (of, next) => {
      of.nextInFlow = next
    },
    setPrevious: (of, previous) => {
      of.previousInFlow = previous
    },
    isLinked: () => false,
    link: (of, previous, next) => {
      of.previousInFlow = previous
      of.nextInFlow = next
    },
    unlink: (of) => {
      of.previousInFlow = undefined
      of.nextInFlow = undefined
    },
  },
  amongInterims: {
    next: ({ nextInterim }) => nextInterim,
    previous: ({ previousInterim }) => previousInterim,
    setNext: (of, next) => {
      of.nextInterim = next
    },
    setPrevious: (of, previous) => {
      of.previousInterim = previous
    },
    isLinked: () => false,
    link: (of, previous, next) => {
      of.previousInterim = previous
      of.nextInterim = next
    },
    unlink: (of) => {
      of.previousInterim = undefined
      of.nextInterim = undefined
    },
  },
  isOutdated: {
    get: ({ isOutdated }) => isOutdated,
    set: (of, is) => {
      of.isOutdated = is
    },
  },
}

/** The same, and how often a link was followed: the steps of a walk, on any machine. */
export class CountedChain implements Chain<Waiter> {
  steps = 0

  next(of: Waiter): Waiter | undefined {
    this.steps += 1
    return of.nextInQueue
  }

  previous(of: Waiter): Waiter | undefined {
    this.steps += 1
    return of.previousInQueue
  }

  setNext(of: Waiter, next: Waiter | undefined): void {
    of.nextInQueue = next
  }

  setPrevious(of: Waiter, previous: Waiter | undefined): void {
    of.previousInQueue = previous
  }

  isLinked(of: Waiter): boolean {
    return of.isInQueue
  }

  link(of: Waiter, previous: Waiter | undefined, next: Waiter | undefined): void {
    QUEUE_CHAIN.link(of, previous, next)
  }

  unlink(of: Waiter): void {
    QUEUE_CHAIN.unlink(of)
  }

  /** The most steps of one act among many. */
  mostOf(acts: Iterable<() => void>): number {
    let most = 0
    for (const act of acts) {
      this.steps = 0
      act()
      most = Math.max(most, this.steps)
    }
    return most
  }
}

/** The numbers from 0 on in an order that looks like none, the same one in every run. */
export const shuffled = (count: number): number[] => {
  const numbers = Array.from({ length: count }, (_, i) => i)
  let seed = 1
  for (let last = count - 1; last > 0; last -= 1) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff
    const other = seed % (last + 1)
    ;[numbers[last], numbers[other]] = [numbers[other]!, numbers[last]!]
  }
  return numbers
}
