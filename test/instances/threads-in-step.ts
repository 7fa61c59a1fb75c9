/**
 * A world for `Rollout`: threads that do what they are told, one step after the other, with sockets and lane
 * numbers of their own, and a judge that looks after every step.
 *
 * Everything that can happen next is a choice with a name, so that a test can walk through all orders there are: what
 * is asked from outside, a thread that does its call, an answer that arrives, a thread that keeps house, a death.
 */
import { type Instruction, Rollout, type RolloutAct } from '../../src/instances/rollout.ts'
import type { Followed } from '../../src/proxy/border/events.ts'
import type { Draining } from '../../src/proxy/border/ports.ts'
import type { Interleaved } from '../interleavings.ts'

/** Settings are one lane to one server each; what a thread can't open it refuses. */
export interface Settings {
  readonly server: string
  /** The places of the instances that can't open what they need. */
  readonly refusedBy?: readonly number[]
}

const NONE: readonly Followed[] = []

interface Thread {
  readonly instance: number
  /** What its engine lives by, and the number of its lane. */
  settings: Settings
  lane: number
  /** What `prepare` promised. */
  promised: { readonly settings: Settings; readonly lane: number } | undefined
  nextLane: number
  /** Open sockets: where each lane's leads. */
  readonly sockets: Map<number, string>
  /** Every destination that a lane number ever had. */
  readonly everWas: Map<number, string>
  isPreparing: boolean
  listens: boolean
  follows: readonly Followed[]
  drains: Draining
  /** The calls whose answers were heard. */
  heard: string
  /** Started and not done yet; done and not heard of yet. */
  call: Instruction<Settings> | undefined
  answer: { readonly to: string; readonly failure?: { readonly error: unknown } } | undefined
}

export class Threads implements Interleaved {
  readonly state: Rollout<Settings>
  readonly #instances: number
  readonly #isTidy: boolean
  readonly #all: boolean
  readonly threads = new Map<number, Thread>()
  /** In force one after the other; the last one is. */
  readonly committed: Settings[]
  /** Asked for and not over yet, in their order. */
  readonly asked: Settings[] = []
  readonly refused: Settings[] = []
  followed: readonly Followed[] = NONE
  drains: Draining = 'no'
  isUntold = false
  hasServed = false
  #count = 0
  #names = 0

  /**
   * `isTidy`: threads do at once what nobody sees from outside (all but `listen` and `reconfigure`), and keep house at once:
   * fewer orders, and none of them is of another outcome. `all`: what is followed changes too, and drains begin.
   */
  constructor(instances: number, { isTidy = false, all = false }: { isTidy?: boolean; all?: boolean } = {}) {
    this.#instances = instances
    this.#isTidy = isTidy
    this.#all = all
    this.committed = [{ server: 'first' }]
    this.state = new Rollout(this.committed[0]!)
    for (let instance = 0; instance < instances; instance += 1) this.start(instance)
  }

  /** What the outside may ask for: the events that a test counts. */
  events(): string[] {
    const instances = Array.from({ length: this.#instances }, (_, instance) => instance)
    const dead = instances.filter((instance) => ![...this.threads.values()].some((one) => one.instance === instance))
    return [
      'reload',
      ...(this.#all
        ? [
            'follow',
            ...(['no', 'keep', 'end'] as const).filter((how) => how !== this.drains).map((how) => `drain ${how}`),
          ]
        : []),
      // One instance is like the other: where orders are many, the first one stands for both.
      ...instances.filter((instance) => !this.#isTidy || instance === 0).map((instance) => `refused ${instance}`),
      ...(instances.length > 1 ? ['refused all'] : []),
      ...dead.map((instance) => `start ${instance}`),
      ...[...this.threads].map(([number]) => `death ${number}`),
    ]
  }

  /** What happens by itself. */
  steps(): string[] {
    return [...this.threads].flatMap(([number, thread]) => [
      ...(thread.call === undefined ? [] : [`do ${number}`]),
      ...(thread.answer === undefined ? [] : [`hear ${number}`]),
      ...(!this.#isTidy && this.#hasHouseToKeep(thread) ? [`house ${number}`] : []),
    ])
  }

  happen(choice: string): void {
    const [what, which] = choice.split(' ')
    const number = Number(which)
    if (what === 'reload') this.ask({ server: this.#newName() })
    else if (what === 'refused') this.ask({ server: this.#newName(), refusedBy: which === 'all' ? [0, 1] : [number] })
    else if (what === 'follow') this.follow([{ trace: this.committed.length + this.followed.length }])
    else if (what === 'drain') this.drain(which as Draining)
    else if (what === 'start') this.start(number)
    else if (what === 'death') this.#die(number)
    else if (what === 'do') this.#obey(number)
    else if (what === 'house') this.#keepHouse(this.threads.get(number)!)
    else this.#hear(number)
  }

  ask(settings: Settings): void {
    this.asked.push(settings)
    this.#take(this.state.reconfigure(settings))
  }

  follow(followed: readonly Followed[]): void {
    this.followed = followed
    this.isUntold = true
    this.#take(this.state.follow(followed))
  }

  drain(how: Draining): void {
    this.drains = how
    this.isUntold = true
    this.#take(this.state.drain(how))
  }

  start(instance: number): void {
    this.#count += 1
    const { settings } = this.state
    this.threads.set(this.#count, {
      instance,
      settings,
      lane: 0,
      promised: undefined,
      nextLane: 1,
      sockets: new Map(),
      everWas: new Map([[0, settings.server]]),
      isPreparing: false,
      listens: false,
      follows: NONE,
      drains: 'no',
      heard: '',
      call: undefined,
      answer: undefined,
    })
    this.#take(this.state.started(this.#count))
  }

  /** What must hold at every moment. */
  check(): void {
    for (const [number, thread] of this.threads) {
      const now = this.committed.at(-1)
      const isBeforeItsTurn = thread.settings === this.committed.at(-2) && !this.#hasTaken(thread)
      if (thread.listens && thread.settings !== now && !isBeforeItsTurn)
        throw new Error(`thread ${number} sends to ${thread.settings.server}, ${now?.server} is in force`)
      if (thread.listens && thread.sockets.get(thread.lane) !== thread.settings.server)
        throw new Error(`thread ${number} has no socket to ${thread.settings.server}`)
      for (const [lane, server] of thread.sockets) {
        if (thread.everWas.get(lane) !== server) throw new Error(`thread ${number}: lane ${lane} leads to ${server}`)
      }
      if (thread.listens && !this.isUntold && (thread.follows !== this.followed || thread.drains !== this.drains))
        throw new Error(`thread ${number} serves and was not told`)
    }
  }

  /** What must hold when nothing more happens by itself. */
  checkRest(): void {
    if (this.asked.length > 0) throw new Error(`lost: ${this.asked.map(({ server }) => server).join(', ')}`)
    if (this.isUntold) throw new Error('somebody waits to hear that all were told')
    for (const [number, { settings, listens, sockets, lane }] of this.threads) {
      if (!listens) throw new Error(`thread ${number} does not serve`)
      if (settings !== this.committed.at(-1)) throw new Error(`thread ${number} lives by ${settings.server}`)
      const open = [...sockets].map(([of, server]) => `${of} ${server}`).join()
      if (open !== `${lane} ${settings.server}`) throw new Error(`thread ${number} has sockets ${open}`)
    }
  }

  /** A text that is the same for states in which the same can happen. */
  key(): string {
    const threads = [...this.threads.values()].map((one) => [
      one.instance,
      one.settings.server,
      one.lane,
      one.promised?.settings.server,
      one.nextLane,
      [...one.sockets].map(String).sort().join('/'),
      one.isPreparing,
      one.listens,
      one.drains,
      one.follows.length,
      one.heard,
      this.#nameOf(one.call),
      one.answer?.to,
    ])
    const asked = this.asked.map(({ server, refusedBy }) => `${server} ${refusedBy}`)
    return JSON.stringify([
      threads,
      this.committed.slice(-2).map(({ server }) => server),
      asked,
      this.isUntold,
      this.drains,
    ])
  }

  #nameOf(call: Instruction<Settings> | undefined): string {
    if (call === undefined) return ''
    if (call.name === 'drain') return `drain ${call.how}`
    return 'settings' in call ? `${call.name} ${call.settings.server}` : call.name
  }

  /** It was told of what is in force, or the word is on its way: until then it lives by what was before. */
  #hasTaken(thread: Thread): boolean {
    return thread.settings === this.committed.at(-1)
  }

  #newName(): string {
    this.#names += 1
    return `s${this.#names}`
  }

  #take(acts: readonly RolloutAct<Settings>[]): void {
    for (const act of acts) {
      if (act.do === 'call') {
        const thread = this.threads.get(act.thread)
        if (thread === undefined) throw new Error(`thread ${act.thread} is called and is not there`)
        if (thread.call !== undefined || thread.answer !== undefined)
          throw new Error(`thread ${act.thread} is called twice at once`)
        // A daemon starts with all its addresses or not at all. Once it serves, it goes on with those that it has.
        if (act.instruction.name === 'listen' && act.instruction.mustHaveAll === this.hasServed)
          throw new Error(`thread ${act.thread} opens the wrong listeners`)
        thread.call = act.instruction
        const isSeen = act.instruction.name === 'listen' || act.instruction.name === 'reconfigure'
        if (this.#isTidy && !isSeen) this.#obey(act.thread)
      } else if (act.do === 'commit') {
        if (act.settings.refusedBy?.some((instance) => this.#lives(instance)) === true)
          throw new Error(`${act.settings.server} can't be opened and is in force`)
        this.committed.push(act.settings)
      } else if (act.do === 'over') this.#over(act)
      else if (act.do === 'told') this.isUntold = false
      else if (act.do === 'serves') this.hasServed = true
      else if (act.do === 'start-failed') this.threads.delete(act.thread)
      else if (act.do === 'broken') throw new Error('broken')
    }
  }

  #lives(instance: number): boolean {
    return [...this.threads.values()].some((one) => one.instance === instance)
  }

  #over({ settings, refused }: Extract<RolloutAct<Settings>, { do: 'over' }>): void {
    if (this.asked.shift() !== settings) throw new Error(`${settings.server} is over out of turn`)
    if (refused !== undefined) {
      this.refused.push(settings)
      if (settings.refusedBy === undefined) throw new Error(`${settings.server} was refused without a reason`)
      return
    }
    for (const [number, thread] of this.threads) {
      if (thread.settings !== settings) throw new Error(`${settings.server} is over, thread ${number} has not taken it`)
    }
  }

  #die(number: number): void {
    this.threads.delete(number)
    this.#take(this.state.ended(number))
  }

  #hear(number: number): void {
    const thread = this.threads.get(number)!
    const { answer } = thread
    thread.answer = undefined
    thread.heard += ` ${answer?.to}`
    this.#take(this.state.answered(number, answer?.failure))
  }

  /** The thread does its call, as `Instance` does. */
  #obey(number: number): void {
    const thread = this.threads.get(number)!
    const call = thread.call!
    thread.call = undefined
    thread.answer = { to: this.#nameOf(call) }
    if (call.name === 'open' || call.name === 'prepare') this.#openFor(thread, call)
    else if (call.name === 'listen') thread.listens = true
    else if (call.name === 'follow') thread.follows = call.followed
    else if (call.name === 'drain') thread.drains = call.how
    else if (call.name === 'forget') {
      thread.isPreparing = false
      this.#keepHouse(thread)
    } else {
      if (thread.promised?.settings !== call.settings) throw new Error(`thread ${number} takes what it did not prepare`)
      thread.settings = call.settings
      thread.lane = thread.promised.lane
      thread.isPreparing = false
      if (this.#isTidy) this.#keepHouse(thread)
    }
  }

  #openFor(thread: Thread, call: Instruction<Settings>): void {
    const settings = call.name === 'prepare' ? call.settings : thread.settings
    let { lane } = thread
    if (call.name === 'prepare') {
      // Both may need the same local ports.
      if (thread.isPreparing)
        throw new Error(`thread ${thread.instance} prepares ${settings.server} beside what it prepared`)
      thread.isPreparing = true
      lane = thread.nextLane
      thread.nextLane += 1
      thread.everWas.set(lane, settings.server)
      thread.promised = { settings, lane }
    }
    if (settings.refusedBy?.includes(thread.instance) === true)
      thread.answer = { to: `${settings.server} fails`, failure: { error: new Error('no such address') } }
    else thread.sockets.set(lane, settings.server)
  }

  #hasHouseToKeep(thread: Thread): boolean {
    return !thread.isPreparing && [...thread.sockets.keys()].some((lane) => lane !== thread.lane)
  }

  /** Once a second it closes what its engine does not name. */
  #keepHouse(thread: Thread): void {
    for (const lane of thread.sockets.keys()) if (lane !== thread.lane) thread.sockets.delete(lane)
  }
}
