/**
 * The descriptors of an instance's thread that Node does not know of. They stand in memory that is still there when the thread has
 * ended, so that the main thread can close them. The first place is the one by which the thread is woken.
 */

/** Sockets of one instance; far more than any configuration opens. */
const PLACES = 16_384
/** A place holds a descriptor and one: 0 is free. */
const FREE = 0
const WAKING = 0

export class DescriptorTable {
  readonly #places: Int32Array
  readonly #placeOf = new Map<number, number>()
  #next = WAKING + 1

  constructor(memory: SharedArrayBuffer) {
    this.#places = new Int32Array(memory)
  }

  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer((PLACES + 1) * Int32Array.BYTES_PER_ELEMENT)
  }

  /** The thread opened it. Returns false if there is no place left. */
  opened(descriptor: number): boolean {
    for (let tried = 0; tried < PLACES; tried += 1) {
      const place = this.#next
      this.#next = place === PLACES ? WAKING + 1 : place + 1
      if (Atomics.load(this.#places, place) !== FREE) continue
      Atomics.store(this.#places, place, descriptor + 1)
      this.#placeOf.set(descriptor, place)
      return true
    }
    return false
  }

  /** The thread is about to close it. */
  closed(descriptor: number): void {
    const place = this.#placeOf.get(descriptor)
    if (place === undefined) return
    this.#placeOf.delete(descriptor)
    Atomics.store(this.#places, place, FREE)
  }

  /** The thread waits for this one, too. It never closes it. */
  wakes(descriptor: number): void {
    Atomics.store(this.#places, WAKING, descriptor + 1)
  }

  /** Undefined where the thread needs no waking. */
  get waking(): number | undefined {
    const one = Atomics.load(this.#places, WAKING)
    return one === FREE ? undefined : one - 1
  }

  /** All that is open, once the thread has ended; they are forgotten. */
  left(): number[] {
    const left: number[] = []
    Atomics.store(this.#places, WAKING, FREE)
    for (let place = WAKING + 1; place <= PLACES; place += 1) {
      const one = Atomics.exchange(this.#places, place, FREE)
      if (one !== FREE) left.push(one - 1)
    }
    return left
  }
}
