/**
 * Reads once a second which addresses this machine has, and tells the instances.
 *
 * On the main thread, since reading takes milliseconds if there are thousands of addresses. If it fails (no descriptor is
 * left), the last list stays. If the interface of a link-local address was created again between two readings, the address
 * is left out once: its sockets belong to the old interface, and must be opened again.
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

  /** `tell` is called once a second, with the same list if nothing has changed. `list`: addresses and their scope ids. */
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
      // The list stays as it is until the next reading.
    }
    if (this.#local !== undefined) this.#tell(this.#local)
  }
}
