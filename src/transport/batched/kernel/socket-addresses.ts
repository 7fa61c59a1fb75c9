/**
 * Addresses as the kernel writes them (`struct sockaddr_in`, `sockaddr_in6`) and as we do (`192.0.2.1`, `fe80::1%eth0`).
 *
 * Each is translated once and remembered: a datagram from a client that is known costs no text. What is remembered is bounded;
 * when it is full, it is begun anew.
 */
import { formatAddress, octetsOf, zoneOf } from '../../../addresses.ts'
import { AF_INET, AF_INET6 } from './linux.ts'

const MOST_REMEMBERED = 65_536

/** Without the port. `words` as they stand in memory: one of IPv4, four of IPv6. `scope`: the number of an interface, or 0. */
export interface SocketAddress {
  readonly family: typeof AF_INET | typeof AF_INET6
  readonly words: Int32Array
  readonly scope: number
}

/** Names and numbers of interfaces, as the system knows them now. */
export interface Interfaces {
  /** 0: there is none of that name. */
  numberOf(name: string): number
  nameOf(number: number): string
}

interface Known {
  readonly scope: number
  readonly words: Int32Array
  readonly text: string
}

const WORDS_OF_IPV6 = 4
const isLinkLocalWord = (word: number): boolean => (word & 0xc0ff) === 0x80fe

export class SocketAddresses {
  readonly #interfaces: Interfaces
  readonly #ipv4 = new Map<number, string>()
  /** By a hash of all words. */
  readonly #ipv6 = new Map<number, Known>()
  readonly #byText = new Map<string, SocketAddress>()

  constructor(interfaces: Interfaces) {
    this.#interfaces = interfaces
  }

  /** The text of an IPv4 address that stands in memory as `word`. */
  ipv4(word: number): string {
    const known = this.#ipv4.get(word)
    if (known !== undefined) return known
    if (this.#ipv4.size >= MOST_REMEMBERED) this.#ipv4.clear()
    const text = formatAddress(Uint8Array.of(word, word >>> 8, word >>> 16, word >>> 24))
    this.#ipv4.set(word, text)
    return text
  }

  /** The text of the IPv6 address in `words` from `from` on; one that belongs to an interface has its name. */
  ipv6(words: Int32Array, from: number, scope: number): string {
    const [a, b, c, d] = [words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!]
    const zone = isLinkLocalWord(a) ? scope : 0
    const hash = Math.imul(Math.imul(a ^ zone, 31) ^ b, 31) ^ Math.imul(Math.imul(c, 31) ^ d, 0x9e3779b1)
    const known = this.#ipv6.get(hash)
    if (known !== undefined && known.scope === zone) {
      const { words: w } = known
      if (w[0] === a && w[1] === b && w[2] === c && w[3] === d) return known.text
    }
    if (this.#ipv6.size >= MOST_REMEMBERED) this.#ipv6.clear()
    const own = words.slice(from, from + WORDS_OF_IPV6)
    const address = formatAddress(new Uint8Array(own.buffer))
    const text = zone === 0 ? address : `${address}%${this.#interfaces.nameOf(zone)}`
    this.#ipv6.set(hash, { scope: zone, words: own, text })
    return text
  }

  /** @throws an Error if the text is no address. */
  of(text: string): SocketAddress {
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    if (this.#byText.size >= MOST_REMEMBERED) this.#byText.clear()
    const address = socketAddressOf(text, this.#interfaces)
    // An interface that is made anew has another number under the same name.
    if (!text.includes('%')) this.#byText.set(text, address)
    return address
  }
}

/** @throws an Error if the text is no address. */
export function socketAddressOf(text: string, interfaces: Pick<Interfaces, 'numberOf'>): SocketAddress {
  const octets = octetsOf(text)
  if (octets.length === 0) throw new Error(`"${text}" is no address`)
  const words = new Int32Array(octets.slice().buffer)
  const zone = zoneOf(text).slice(1)
  return { family: octets.length === 4 ? AF_INET : AF_INET6, words, scope: zone === '' ? 0 : interfaces.numberOf(zone) }
}
