/**
 * A search tree by arrival number, for messages that come back out of order.
 *
 * It is a treap: in order from left to right by arrival number, and from top to bottom by a hash of it. So it has the shape of a
 * tree that was filled in random order, and each operation costs O(log n) expected steps. The branches are the two links of a
 * `Chain` (`previous` is the left branch, `next` the right one), and the hash is computed when it is needed: a message in the tree
 * takes no memory of its own.
 */
import type { Chain } from './containers/chained-list.ts'
import { mix } from './containers/hashing.ts'

export class ArrivalTree<T extends { readonly arrival: number }> {
  readonly #chain: Chain<T>
  #root: T | undefined = undefined
  #size = 0

  constructor(chain: Chain<T>) {
    this.#chain = chain
  }

  get size(): number {
    return this.#size
  }

  first(): T | undefined {
    let found = this.#root
    for (let node = found; node !== undefined; node = this.#chain.previous(node)) found = node
    return found
  }

  last(): T | undefined {
    let found = this.#root
    for (let node = found; node !== undefined; node = this.#chain.next(node)) found = node
    return found
  }

  /** No other message in it has this arrival number. */
  put(item: T): void {
    const rank = rankOf(item)
    let parent: T | undefined
    let node = this.#root
    while (node !== undefined && rankOf(node) >= rank) {
      parent = node
      node = this.#towards(node, item)
    }
    this.#hang(parent, item, item)
    this.#chain.link(item, undefined, undefined)
    this.#split(node, item)
    this.#size += 1
  }

  /** Takes it out; false if it is not in this tree. */
  tryRemove(item: T): boolean {
    const chain = this.#chain
    let parent = this.#parentOf(item)
    if (parent === undefined && this.#root !== item) return false
    // Its branches become one: the higher of the two hangs in its place, and so on with what is below that.
    let left = chain.previous(item)
    let right = chain.next(item)
    while (left !== undefined && right !== undefined) {
      const isLeftHigher: boolean = rankOf(left) >= rankOf(right)
      const higher: T = isLeftHigher ? left : right
      this.#hang(parent, item, higher)
      parent = higher
      if (isLeftHigher) left = chain.next(left)
      else right = chain.previous(right)
    }
    this.#hang(parent, item, left ?? right)
    chain.unlink(item)
    this.#size -= 1
    return true
  }

  /** Another one of the same arrival number stands in the place of this one; false if this one is not here. */
  tryReplace(item: T, other: T): boolean {
    const chain = this.#chain
    const parent = this.#parentOf(item)
    if (parent === undefined && this.#root !== item) return false
    this.#hang(parent, item, other)
    chain.link(other, chain.previous(item), chain.next(item))
    chain.unlink(item)
    return true
  }

  *[Symbol.iterator](): Generator<T> {
    const above: T[] = []
    let node = this.#root
    while (node !== undefined || above.length > 0) {
      for (; node !== undefined; node = this.#chain.previous(node)) above.push(node)
      const next = above.pop() as T
      yield next
      node = this.#chain.next(next)
    }
  }

  /** What is older than `item` of that branch becomes its left branch, the rest its right one. */
  #split(branch: T | undefined, item: T): void {
    const chain = this.#chain
    let older: T | undefined
    let newer: T | undefined
    let node = branch
    while (node !== undefined) {
      if (node.arrival < item.arrival) {
        if (older === undefined) chain.setPrevious(item, node)
        else chain.setNext(older, node)
        older = node
        node = chain.next(node)
      } else {
        if (newer === undefined) chain.setNext(item, node)
        else chain.setPrevious(newer, node)
        newer = node
        node = chain.previous(node)
      }
    }
    if (older !== undefined) chain.setNext(older, undefined)
    if (newer !== undefined) chain.setPrevious(newer, undefined)
  }

  /** `node` is from now on what hangs below `parent` (at the root without one) on the side of `item`. */
  #hang(parent: T | undefined, item: T, node: T | undefined): void {
    if (parent === undefined) this.#root = node
    else if (item.arrival < parent.arrival) this.#chain.setPrevious(parent, node)
    else this.#chain.setNext(parent, node)
  }

  /** What `item` hangs below; undefined if it is the root, or not in this tree. */
  #parentOf(item: T): T | undefined {
    let parent: T | undefined
    let node = this.#root
    while (node !== undefined && node !== item) {
      parent = node
      node = this.#towards(node, item)
    }
    return node === undefined ? undefined : parent
  }

  #towards(node: T, item: T): T | undefined {
    return item.arrival < node.arrival ? this.#chain.previous(node) : this.#chain.next(node)
  }
}

/** The higher rank stands higher. Neighbours by number are no neighbours by rank. */
const rankOf = ({ arrival }: { readonly arrival: number }): number => mix(arrival)
