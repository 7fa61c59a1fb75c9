/**
 * The calls of one session, drawn from a stream of its own. So every policy meets the same clients, whatever it does.
 *
 * A call begins with a first copy. It ends one gap after the last copy, and the next call follows after the pause.
 */
import { gapAfter, kindAt, type SessionKind } from '../../src/simulation/peers/nas-plan.ts'
import { Random } from '../../src/simulation/peers/random.ts'
import { DIAL_WITHIN, type Storm } from './storm.ts'

interface Copy {
  readonly at: number
  /** The next copy is sent, or the client gives up. */
  readonly nextAt: number
  readonly isLost: boolean
}

export interface Call {
  readonly begins: number
  readonly copies: readonly Copy[]
  readonly givesUpAt: number
  /** When this session dials next if this call brings nothing. */
  readonly redialsAt: number
}

export class Caller {
  readonly firstDial: number
  readonly #random: Random
  readonly #kind: SessionKind | undefined
  readonly #loss: number

  constructor({ kinds, loss = 0, seed }: Storm, number: number) {
    this.#random = new Random(`storm ${seed} session ${number}`)
    this.#kind = kindAt(kinds, this.#random.fraction())
    this.#loss = loss
    this.firstDial = this.#random.between(0, DIAL_WITHIN)
  }

  call(begins: number): Call {
    const { authentication } = this.#kind as SessionKind
    const { tries, jitter = 0, redialAfter, redialSpread = 0 } = authentication
    const copies: Copy[] = []
    let at = begins
    for (let copy = 1; copy <= tries; copy += 1) {
      const nextAt = at + this.#around(gapAfter(authentication, copy), jitter)
      copies.push({ at, nextAt, isLost: this.#random.chance(this.#loss) })
      at = nextAt
    }
    return { begins, copies, givesUpAt: at, redialsAt: at + this.#around(redialAfter, redialSpread) }
  }

  /** A number for whoever needs chance, as the policy that serves at random does. */
  fraction(): number {
    return this.#random.fraction()
  }

  #around(length: number, spread: number): number {
    const most = Math.floor(length * spread)
    return most === 0 ? length : length + this.#random.between(-most, most)
  }
}
