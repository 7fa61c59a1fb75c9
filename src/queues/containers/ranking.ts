/**
 * Who holds most. Holders stand in groups of equal numbers, and the groups in order, so a holder whose number changes by one moves
 * to the group beside its own: O(1), however many there are.
 *
 * A number that changes by more passes group after group. It does so only if a weight changes.
 */

/** One that has a number. Only `Ranking` writes it. */
export interface Holder<H> {
  group: Group<H> | undefined
  /** Its neighbours in the group. */
  after: H | undefined
  before: H | undefined
}

/** All of one number, who came to it last first. */
interface Group<H> {
  number: number
  first: H | undefined
  higher: Group<H> | undefined
  lower: Group<H> | undefined
}

export class Ranking<H extends Holder<H>> {
  #highest: Group<H> | undefined = undefined
  #lowest: Group<H> | undefined = undefined

  /** Of those with the highest number, who came to it last. */
  get first(): H | undefined {
    return this.#highest?.first
  }

  /** Its number from now on: a whole one; 0 is not ranked. */
  set(holder: H, number: number): void {
    const { group } = holder
    if (group === undefined) {
      if (number > 0) this.#place(holder, number, undefined)
      return
    }
    if (group.number === number) return
    if (number > 0 && this.#isAlone(holder) && this.#fits(group, number)) {
      group.number = number
      return
    }
    const near = this.#remove(holder)
    if (number > 0) this.#place(holder, number, near)
  }

  #isAlone({ before, after }: H): boolean {
    return before === undefined && after === undefined
  }

  /** A group may have that number where it stands. */
  #fits({ higher, lower }: Group<H>, number: number): boolean {
    return (higher === undefined || number < higher.number) && (lower === undefined || number > lower.number)
  }

  /** Into its group, which is looked for from `near` on, or from the lowest. */
  #place(holder: H, number: number, near: Group<H> | undefined): void {
    let lower = near ?? this.#lowest
    while (lower !== undefined && lower.number > number) lower = lower.lower
    let higher = lower === undefined ? this.#lowest : lower.higher
    for (; higher !== undefined && higher.number <= number; higher = higher.higher) lower = higher
    const group = lower?.number === number ? lower : this.#groupBetween(lower, number, higher)
    holder.group = group
    holder.before = undefined
    holder.after = group.first
    if (group.first !== undefined) group.first.before = holder
    group.first = holder
  }

  #groupBetween(lower: Group<H> | undefined, number: number, higher: Group<H> | undefined): Group<H> {
    const group: Group<H> = { number, first: undefined, higher, lower }
    if (lower === undefined) this.#lowest = group
    else lower.higher = group
    if (higher === undefined) this.#highest = group
    else higher.lower = group
    return group
  }

  /** Out of its group. Answers a group that stands beside where it was. */
  #remove(holder: H): Group<H> | undefined {
    const { group, after, before } = holder
    if (group === undefined) return undefined
    holder.group = undefined
    holder.after = undefined
    holder.before = undefined
    if (before === undefined) group.first = after
    else before.after = after
    if (after !== undefined) after.before = before
    if (group.first !== undefined) return group
    const { higher, lower } = group
    if (higher === undefined) this.#highest = lower
    else higher.lower = lower
    if (lower === undefined) this.#lowest = higher
    else lower.higher = higher
    return lower ?? higher
  }
}
