/**
 * A small number for each address that something is known of, so that tables can have it in their keys.
 *
 * Every entry that uses a number holds it. With the last entry the number is free for another address.
 */

interface Sender {
  readonly address: string
  readonly number: number
  entries: number
}

export class SenderNumbers {
  readonly #byAddress = new Map<string, Sender>()
  readonly #byNumber: (Sender | undefined)[] = []
  readonly #free: number[] = []
  /** The one that was looked for last: several tables ask for it while one packet is served. */
  #latest: Sender | undefined = undefined

  /** The address's number; -1 if nothing holds one. */
  find(address: string): number {
    return this.#senderAt(address)?.number ?? -1
  }

  hold(address: string): number {
    let sender = this.#senderAt(address)
    if (sender === undefined) {
      sender = { address, number: this.#free.pop() ?? this.#byNumber.length, entries: 0 }
      this.#byAddress.set(address, sender)
      this.#byNumber[sender.number] = sender
    }
    sender.entries += 1
    return sender.number
  }

  release(number: number): void {
    const sender = this.#byNumber[number]
    if (sender === undefined) throw new Error('sender numbers: released more often than held')
    sender.entries -= 1
    if (sender.entries > 0) return
    this.#byAddress.delete(sender.address)
    this.#byNumber[number] = undefined
    this.#free.push(number)
    this.#latest = undefined
  }

  #senderAt(address: string): Sender | undefined {
    if (this.#latest?.address === address) return this.#latest
    const sender = this.#byAddress.get(address)
    if (sender !== undefined) this.#latest = sender
    return sender
  }
}
