/**
 * Looks once a second which addresses this machine has, and tells whoever listens when they changed.
 *
 * On the main thread, since the system's answer takes milliseconds where there are thousands of addresses. Where it can't
 * answer (no descriptor is left), the last answer stays. A link-local address whose interface was made anew between two readings
 * is left out once: its sockets are of the interface that is gone, and are opened again.
 */
import { scopesOfThisMachine } from '../transport/local-addresses.io.ts'

const EVERY_MS = 1_000

export class AddressWatch {
  readonly #tell: (local: readonly string[]) => void
  readonly #list: () => ReadonlyMap<string, number>
  /** The scope id of each address as it was read last. */
  #scopes: ReadonlyMap<string, number> = new Map()
  /** Undefined before the first answer: listeners are not told that the machine has none. */
  #local: readonly string[] | undefined
  #timer: NodeJS.Timeout | undefined

  /** `tell` is called once a second; with the same list while nothing has changed. `list`: addresses and their scope ids. */
  constructor(tell: (local: readonly string[]) => void, list: () => ReadonlyMap<string, number> = scopesOfThisMachine) {
    this.#tell = tell
    this.#list = list
  }

  start(): void {
    this.#read()
    this.#timer = setTimeout(() => this.start(), EVERY_MS)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #read(): void {
    try {
      const scopes = this.#list()
      const local = [...scopes].flatMap(([address, scope]) =>
        (this.#scopes.get(address) ?? scope) === scope ? [address] : [],
      )
      this.#scopes = scopes
      if (local.join() !== this.#local?.join()) this.#local = local
    } catch {
      // What was known stays; the next reading is a second away.
    }
    if (this.#local !== undefined) this.#tell(this.#local)
  }
}
