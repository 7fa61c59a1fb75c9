/**
 * Drains, stops, resumes and limits in every order, between any two steps of the instances: who hears what, what is lost, and
 * whether the daemon ends.
 */

import { describe, expect, it } from 'vitest'
import type { Resumed } from '../../src/admin/ending-stream.io.ts'
import { perClass } from '../../src/classes.ts'
import { type EndingAct, EndingState } from '../../src/daemon/ending.ts'
import type { InHand } from '../../src/observe/view/in-hand.ts'
import { seconds } from '../../src/units.ts'
import { type Interleaved, walkAll } from '../interleavings.ts'

const NOTHING = { queued: 0, outstanding: 0, clientsGaveUp: 0, longestGivenUpSeconds: 0 }
const inHand = (records: number): InHand => ({
  ...perClass(() => NOTHING),
  accounting: { ...NOTHING, queued: records },
})

interface Asker {
  readonly at: number
  answer?: Resumed
}

class Shell implements Interleaved {
  readonly state = new EndingState<Asker>()
  /** What the instances have in hand, and were told last. */
  records = 3
  how: 'no' | 'keep' | 'end' = 'no'
  /** What is under way, in its order: acts whose news comes later. */
  readonly underWay: string[] = []
  readonly looks: { readonly turn: number; readonly left: InHand }[] = []
  limitIsSet = false
  ended: { readonly why: string; readonly left: number } | undefined
  readonly news: string[] = []
  readonly askers: Asker[] = []
  forces = 0
  /** When a drain or a stop that counts was asked for last. */
  drainAt = 0
  #count = 0

  events(): string[] {
    const traffic = this.how === 'no' ? ['traffic'] : []
    return ['drain', 'resume', 'stop', 'force', ...(this.records > 0 ? ['finish'] : traffic)]
  }

  steps(): string[] {
    return [
      // An instance that drains is idle when nothing is in hand; one that does not is so at once.
      ...this.underWay.filter((one) => !one.startsWith('idle') || this.records === 0 || this.how === 'no'),
      ...(this.looks.length > 0 ? ['seen'] : []),
      ...(this.limitIsSet ? ['limit'] : []),
    ]
  }

  happen(choice: string): void {
    this.#count += 1
    const [what, turn] = choice.split(' ')
    const { isStopping } = this.state
    const hasEnded = this.ended !== undefined
    if (turn !== undefined) this.underWay.splice(this.underWay.indexOf(choice), 1)
    if (what === 'told') this.#do(this.state.told(Number(turn)))
    else if (what === 'idle') this.#do(this.state.idle(Number(turn)))
    else if (what === 'drain') this.#do(this.state.drain('one'))
    else if (what === 'resume') this.#resume()
    else if (what === 'stop') this.#do(this.state.stop('one', false, seconds(20)))
    else if (what === 'force') this.#force()
    else if (what === 'finish') this.records = 0
    else if (what === 'traffic') this.records = 3
    else if (what === 'limit') this.#limit()
    else this.#seen()
    if (what === 'stop' || what === 'drain')
      this.#must((this.ended !== undefined) === hasEnded, `a ${what} ends at once`)
    if (what === 'drain' && !isStopping) this.#must(this.how === 'keep', 'a drain is not told')
  }

  check(): void {
    this.#must(this.state.isDraining || this.how === 'no', 'instances drain, and the daemon does not say so')
    this.#must(!this.state.isDraining || this.how !== 'no' || this.#isResuming(), 'the daemon says it drains')
    this.#must(!this.limitIsSet || this.state.isStopping, 'a limit is left of a stop that is over')
    this.#must(!this.state.isStopping || this.state.isDraining, 'a daemon that stops accepts traffic')
    this.#must(this.ended === undefined || this.state.isStopping, 'a daemon that ends is not stopping')
    const mayLose = this.forces > 0
    this.#must(mayLose || (this.ended?.left ?? 0) === 0, 'a stop without force lost something')
  }

  checkRest(): void {
    this.#must(
      this.askers.every(({ answer }) => answer !== undefined),
      'one who asked for a resume waits for ever',
    )
    this.#must(!this.state.isStopping || this.ended !== undefined, 'a stop came to no end')
    this.#must(this.forces === 0 || this.ended !== undefined, 'a stop with force did not end')
    const isDone = this.state.isDraining && this.records === 0 && this.ended === undefined
    this.#must(!isDone || this.news.at(-1) === 'drained', 'nobody heard that all is done')
  }

  key(): string {
    const { isDraining, isStopping } = this.state
    const { records, how, underWay, looks, limitIsSet, ended, news, askers, forces } = this
    const waiting = askers.map(({ at, answer }) => [answer, at > this.drainAt])
    return JSON.stringify([
      ...[isDraining, isStopping, records, how, underWay, looks],
      ...[limitIsSet, ended, news, waiting, forces],
    ])
  }

  #must(holds: boolean, otherwise: string): void {
    if (!holds) throw new Error(otherwise)
  }

  #isResuming(): boolean {
    return this.underWay.some((one) => one.startsWith('told'))
  }

  #resume(): void {
    const asker: Asker = { at: this.#count }
    this.askers.push(asker)
    this.#do(this.state.resume('one', asker))
  }

  #force(): void {
    this.forces += 1
    this.#do(this.state.stop('SIGTERM', true, seconds(20)))
    this.#must(this.how === 'end' || this.ended !== undefined, 'a stop with force goes on as one without')
    this.#must(this.forces < 2 || this.ended !== undefined, 'the second stop with force did not end at once')
  }

  #limit(): void {
    this.limitIsSet = false
    this.#do(this.state.limitIsOver())
    this.#must(this.forces === 0 || this.ended !== undefined, 'a stop with force goes on after its limit')
  }

  #seen(): void {
    const { turn, left } = this.looks.shift()!
    this.#do(this.state.leftAtLimit(turn, left))
  }

  #do(acts: readonly EndingAct<Asker>[]): void {
    for (const act of acts) {
      this.#must(this.ended === undefined || act.do === 'answer' || act.do === 'await-idle', `${act.do} after the end`)
      if (act.do === 'drain' || act.do === 'take-traffic') {
        this.how = act.do === 'drain' ? act.how : 'no'
        if (act.do === 'drain') this.drainAt = this.#count
        this.underWay.push(`told ${act.turn}`)
      } else if (act.do === 'await-idle') this.underWay.push(`idle ${act.turn}`)
      else if (act.do === 'set-limit') this.limitIsSet = true
      else if (act.do === 'clear-limit') this.limitIsSet = false
      else if (act.do === 'count-in-hand') this.looks.push({ turn: act.turn, left: inHand(this.records) })
      else if (act.do === 'drained' || act.do === 'not-stopped') this.#hear(act.do)
      else if (act.do === 'resumed') {
        this.#hear('resumed')
        for (const asker of act.askers) this.#answer(asker, 'takes-traffic')
      } else if (act.do === 'answer') for (const asker of act.askers) this.#answer(asker, act.resumed)
      else if (act.do === 'end') this.ended = { why: act.why, left: this.records }
    }
  }

  #hear(kind: string): void {
    this.news.push(kind)
    if (kind === 'drained') this.#must(this.state.isDraining && !this.state.isStopping, 'drained, of no drain')
    if (kind === 'resumed') this.#must(this.how === 'no' && !this.state.isDraining, 'resumed, and it drains')
    if (kind === 'not-stopped') this.#must(!this.state.isStopping && this.forces === 0, 'not stopped, and it stops')
  }

  #answer(asker: Asker, resumed: Resumed): void {
    this.#must(asker.answer === undefined, 'an answer comes twice')
    asker.answer = resumed
    if (resumed === 'takes-traffic') this.#must(this.how === 'no', 'it drains and says that it takes traffic')
    if (resumed === 'stopping') this.#must(this.state.isStopping, 'no stop is under way')
    if (resumed === 'drains-again') this.#must(this.drainAt > asker.at, 'no drain was asked for meanwhile')
  }
}

describe('in every order of drains, resumes, stops and limits', () => {
  it('nothing is lost without force, each asker gets a true answer, and a stop with force ends', () => {
    const { states, rests } = walkAll(() => new Shell(), 4)
    expect(rests).toBeGreaterThan(100)
    expect(states).toBeGreaterThan(3 * rests)
  })
})
