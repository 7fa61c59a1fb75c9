/**
 * Looks once a second which addresses this machine has, and tells whoever listens when they changed.
 *
 * On the main thread, since the system's answer takes milliseconds where there are thousands of addresses. Where it can't
 * answer (no descriptor is left), the last answer stays.
 */
import { addressesOfThisMachine } from '../proxy/local-addresses.io.ts'

const EVERY_MS = 1_000

export class AddressWatch {
  readonly #tell: (local: readonly string[]) => void
  readonly #list: () => readonly string[]
  /** Undefined before the first answer: listeners are not told that the machine has none. */
  #local: readonly string[] | undefined
  #timer: NodeJS.Timeout | undefined

  /** `tell` is called once a second; with the same list while nothing has changed. */
  constructor(tell: (local: readonly string[]) => void, list: () => readonly string[] = addressesOfThisMachine) {
    this.#tell = tell
    this.#list = list
  }

  start(): void {
    this.#look()
    this.#timer = setTimeout(() => this.start(), EVERY_MS)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #look(): void {
    try {
      const local = this.#list()
      if (local.join() !== this.#local?.join()) this.#local = local
    } catch {
      // What was known stays; the next look is a second away.
    }
    if (this.#local !== undefined) this.#tell(this.#local)
  }
}
