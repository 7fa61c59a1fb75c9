/**
 * A shared secret: its octets, and the HMAC states made of them once.
 *
 * Printed, logged or put into JSON it reads `[secret]`. RFC 2865 section 3: an empty secret is refused. Text is UTF-8.
 */
import { HmacKey } from './md5.ts'

const HIDDEN = '[secret]'

export class Secret {
  readonly #bytes: Uint8Array
  readonly #hmacKey: HmacKey

  /** @throws a RangeError if `bytes` is empty. */
  constructor(bytes: Uint8Array | string) {
    this.#bytes = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : Uint8Array.from(bytes)
    if (this.#bytes.length === 0) throw new RangeError('a shared secret is empty: give it at least one octet')
    this.#hmacKey = new HmacKey(this.#bytes)
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  get hmacKey(): HmacKey {
    return this.#hmacKey
  }

  /** Whether it has the same octets: a reload keeps what has not changed. */
  equals(other: Secret): boolean {
    if (other === this) return true
    const theirs = other.#bytes
    return this.#bytes.length === theirs.length && this.#bytes.every((octet, i) => octet === theirs[i])
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  /** For node:util's `inspect`, and so console.log. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN
  }
}

/** As an admin token, whose name goes into the log. */
export interface NamedSecret {
  readonly name: string
  readonly secret: Secret
}
