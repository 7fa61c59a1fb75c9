/**
 * Who waits for the answer to a request.
 *
 * Usually one client: the one that sent it. That exchange is the request itself and takes no memory. A client that sends an
 * accounting record again under a new identifier (RFC 2866 section 5.2) waits under both. Nobody waits once the client has
 * used its identifier for something else, or for a record that was kept and is sent later.
 *
 * An exchange that waits is in the table of `Duplicates`, which finds its request by client and identifier.
 */
import type { Exchange, Origin } from '../work/exchange.ts'
import { courseOf, Request, startCourse } from '../work/request.ts'
import type { Duplicates } from './duplicates.ts'

/** Identifiers that wait for the answer to one record; a client that tries so often has long given up the oldest. */
const MOST_EXCHANGES = 16

const { isAwaited } = Request.fields

export class Exchanges {
  readonly #duplicates: Duplicates

  constructor(duplicates: Duplicates) {
    this.#duplicates = duplicates
  }

  /** Who waits, oldest first: a list of its own. If a request took the place of older ones, its own client is the newest. */
  of(request: Request): Exchange[] {
    const { repeats, cameAt } = courseOf(request)
    if (!isAwaited.get(request)) return [...repeats]
    return cameAt === undefined ? [request, ...repeats] : [...repeats, request]
  }

  /** The exchange that waits under the identifier of this packet, which is known to wait for that request. */
  find(request: Request, { from, packet }: Origin): Exchange {
    const isSame = (repeat: Exchange): boolean =>
      repeat.packet.identifier === packet.identifier &&
      repeat.from.port === from.port &&
      repeat.from.link === from.link &&
      repeat.from.address === from.address
    return courseOf(request).repeats.find(isSame) ?? request
  }

  /** The client that sent the request's packet waits for the answer. */
  begin(exchange: Exchange, request: Request): void {
    this.#duplicates.add(exchange, request)
    isAwaited.set(request, true)
  }

  /** One more exchange waits. */
  attach(exchange: Exchange, request: Request): void {
    const waiting = this.of(request)
    const [oldest] = waiting
    if (oldest !== undefined && waiting.length >= MOST_EXCHANGES) this.end(oldest, request)
    this.#duplicates.add(exchange, request)
    // The octets that came are valid for one call.
    exchange.packet.own()
    startCourse(request).repeats.push(exchange)
  }

  /** The exchange ends without an answer; the request goes on. */
  end(exchange: Exchange, request: Request): void {
    this.#remove(exchange, request)
    this.#duplicates.forget(exchange)
  }

  /** All its exchanges end without an answer. */
  endAll(request: Request): Exchange[] {
    const waiting = this.of(request)
    for (const exchange of waiting) this.end(exchange, request)
    return waiting
  }

  /** None waits any more: those that did are to be answered. */
  release(request: Request): Exchange[] {
    const waiting = this.of(request)
    for (const exchange of waiting) this.#remove(exchange, request)
    return waiting
  }

  #remove(exchange: Exchange, request: Request): void {
    if (exchange === request) {
      isAwaited.set(request, false)
      return
    }
    const { repeats } = startCourse(request)
    const place = repeats.indexOf(exchange)
    if (place !== -1) repeats.splice(place, 1)
  }
}
