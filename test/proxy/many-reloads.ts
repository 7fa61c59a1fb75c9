/**
 * A world from a seed in which anything happens at any moment: logins, records and their copies, servers that fall silent, a little
 * service, drains, and reloads that change anything (`changing-options.ts`).
 *
 * After every step the books are judged: what waits is counted once, by its class and by its client, whoever that was before.
 * In the end the servers are well and time passes. Then nothing may be left behind, in no client, flow, promise or lane. An engine
 * that comes to no end at one moment fails in `World.settle`, and a plan that a reload does not keep in `World.reconfigure`.
 */
import { TRAFFIC_CLASSES, type TrafficClass } from '../../src/classes.ts'
import type { ClientShare } from '../../src/proxy/clients/client-share.ts'
import { Random } from '../../src/simulation/peers/random.ts'
import { after, micros, millis, seconds } from '../../src/units.ts'
import type { Attribute } from '../radius/oracle.ts'
import { ADDRESSES, anyChange, anyOptions, wellServers } from './changing-options.ts'
import { CODE, responseTo, STATUS } from './datagrams.ts'
import { FirstTransmissions, serialAttribute, serialOf } from './first-transmissions.ts'
import { type Asked, type Sent, World } from './kit.ts'
import { defaults } from './options.ts'

const STEPS = 150
/** Copies are of one of so many latest requests. */
const LATEST = 30
/** By then the longest max_age is over, and every client with the lowest rate has sent or lost what waited. */
const LONG_ENOUGH = seconds(150)

/** What the servers do with a request. */
type Mood = 'answer' | 'silent' | 'random'

/** Plays the world of a seed; throws what was broken, with the step. */
export const play = (seed: number): void => {
  const world = new ManyReloads(seed)
  let step = 'the begin'
  try {
    for (let count = 1; count <= STEPS; count += 1) {
      const [name, act] = world.chooseStep()
      step = `step ${count} (${name})`
      act()
      world.judge()
    }
    step = 'the end'
    world.end()
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    throw new Error(`seed ${seed}, ${step}: ${what}`, { cause: error })
  }
}

class ManyReloads {
  readonly #world: World
  readonly #random: Random
  readonly #firsts = new FirstTransmissions()
  /** The session of each record, by serial. */
  readonly #sessions = new Map<number, string>()
  readonly #asked: Asked[] = []
  /** Of every client that there ever was: what waits of a removed one counts, too. */
  readonly #shares = new Map<ClientShare, string>()
  #mood: Mood = 'answer'
  #serial = 0
  /** Each as often as it stands here. */
  readonly #steps: readonly (readonly [times: number, name: string, act: () => void])[] = [
    [6, 'logins', () => this.#some(() => this.#logsIn())],
    [4, 'records', () => this.#some(() => this.#reports())],
    [1, 'many records', () => this.#storms()],
    [2, 'copies', () => this.#some(() => this.#copies())],
    [3, 'a reload', () => this.#reloads()],
    [1, 'another mood', () => this.#setMood()],
    [1, 'a drain', () => this.#world.engine.drain(this.#random.pick(['keep', 'end']))],
    [2, 'no drain', () => this.#world.engine.drain('no')],
    [1, 'a little service', () => this.#serves()],
    [1, 'service', () => this.#world.settle()],
    [4, 'time', () => this.#passesTime()],
  ]

  constructor(seed: number) {
    this.#random = new Random(`many reloads ${seed}`)
    this.#world = new World(anyOptions(this.#random, defaults()))
    this.#world.onForward = (sent) => this.#forwarded(sent)
    this.#world.onProbe = (probe) => this.#probed(probe)
    this.#noteShares()
  }

  chooseStep(): readonly [name: string, act: () => void] {
    const [, name, act] = this.#random.pick(this.#steps.flatMap((step) => Array.from({ length: step[0] }, () => step)))
    return [name, act]
  }

  /** What holds at every moment. */
  judge(): void {
    this.#world.check()
    const { inspection } = this.#world.engine
    const { classes } = inspection.waiting(this.#world.now)
    const { formerClients } = inspection.overview(this.#world.now)
    for (const each of TRAFFIC_CLASSES) {
      for (const [share, name] of this.#shares) {
        const promised = share.allowances[each]?.promised ?? 0
        if (promised > share.queued[each]) throw new Error(`${name} is promised more than waits of it (${each})`)
      }
      // Clients that were removed, and addresses that are nobody's, are counted together.
      const nobodys = formerClients?.waiting[each].queued ?? 0
      const waiting = inspection.clients.reduce((sum, { share }) => sum + share.queued[each], nobodys)
      const { queued } = classes[each]
      if (waiting !== queued) throw new Error(`of clients ${waiting} wait, of class ${each} ${queued}`)
    }
  }

  /** Everything is well again, and time passes. */
  end(): void {
    const world = this.#world
    this.#mood = 'answer'
    world.engine.drain('no')
    world.reconfigure({ servers: wellServers() })
    this.#noteShares()
    world.advance(LONG_ENOUGH)
    this.judge()
    const left = this.#left()
    if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`)
  }

  /** What is left when nothing should be. */
  #left(): string[] {
    const { engine } = this.#world
    const { flows, lanes, clients, formerClients, classes } = this.#world.snapshot()
    const left = TRAFFIC_CLASSES.flatMap((each) => this.#leftOf(each))
    const all = [...clients, ...(formerClients === undefined ? [] : [formerClients])]
    for (const each of TRAFFIC_CLASSES) {
      const { expired, shed } = classes[each].ledger
      const of = (what: 'shed' | 'expired'): number => all.reduce((sum, { served }) => sum + served[each][what], 0)
      const wasShed = Object.values(shed).reduce((sum, count) => sum + count, 0)
      if (of('expired') !== expired || of('shed') !== wasShed) left.push(`counts of clients (${each})`)
    }
    const records = all
      .flatMap(({ accounting }) => Object.values(accounting.shed))
      .reduce((sum, count) => sum + count, 0)
    const { shed } = classes.accounting.ledger
    if (records !== Object.values(shed).reduce((sum, count) => sum + count, 0))
      left.push('counts of records that were shed')
    if (!engine.inspection.isIdle()) left.push('requests in hand')
    if (flows.own !== 0) left.push(`${flows.own} flows of addresses and parts`)
    for (const [{ flow }, name] of this.#shares)
      if (flow.waiting !== 0) left.push(`${flow.waiting} in the flow of ${name}`)
    for (const { server, class: its, outstanding, queued, waitingRetries, identifiers } of lanes) {
      if (outstanding + queued + waitingRetries > 0) left.push(`requests at ${server} ${its}`)
      if (identifiers.free !== identifiers.total) left.push(`identifiers of ${server} ${its}`)
    }
    if (lanes.length !== TRAFFIC_CLASSES.length * wellServers().length) left.push(`lanes: ${lanes.length}`)
    return left
  }

  #leftOf(trafficClass: TrafficClass): string[] {
    return [...this.#shares].flatMap(([{ queued, allowances }, name]) => {
      const promised = allowances[trafficClass]?.promised ?? 0
      return [
        ...(queued[trafficClass] === 0 ? [] : [`${queued[trafficClass]} of ${name} (${trafficClass})`]),
        ...(promised === 0 ? [] : [`${promised} promised to ${name} (${trafficClass})`]),
      ]
    })
  }

  #some(act: () => void): void {
    for (let count = this.#random.between(1, 6); count > 0; count -= 1) act()
  }

  #logsIn(): void {
    const state = this.#random.chance(0.1) ? this.#random.pick(['first', 'second', 'unknown']) : undefined
    const tag = this.#random.pick(['u1', 'u2', 'u3'])
    this.#asked.push(this.#world.access({ from: this.#sender(), tag, state, attributes: this.#station() }))
  }

  /** A record of one of a few sessions. It names any user and station, as records do that were rewritten on their way. */
  #reports(): void {
    const random = this.#random
    this.#serial += 1
    const from = this.#sender()
    const session = random.pick(['S1', 'S2'])
    const status = random.pick([STATUS.start, STATUS.interim, STATUS.interim, STATUS.interim, STATUS.stop])
    const attributes = [...this.#station(), serialAttribute(this.#serial)]
    const tag = random.pick(['u1', 'u2'])
    this.#sessions.set(this.#serial, `${from.address} ${session}`)
    this.#entering(this.#serial, () => {
      this.#asked.push(this.#world.accounting({ from, tag, session, status, attributes }))
    })
  }

  /** More than move at once when a server goes Down. */
  #storms(): void {
    for (let count = this.#random.between(60, 120); count > 0; count -= 1) this.#reports()
  }

  /** A client sends the same again, sooner or later than a client should. */
  #copies(): void {
    const back = this.#random.between(1, LATEST)
    const asked = this.#asked.at(-Math.min(back, this.#asked.length))
    if (asked === undefined) return
    this.#entering(serialOf(asked.bytes), () => this.#world.again(asked))
  }

  /** A record that takes a place in the queues is the youngest there, also if it comes again after it ended. */
  #entering(serial: number | undefined, act: () => void): void {
    const { inspection } = this.#world.engine
    const { admitted, coalesced } = inspection
    act()
    const session = this.#sessions.get(serial ?? 0)
    if (serial === undefined || session === undefined) return
    if (inspection.coalesced > coalesced) this.#firsts.joins(serial)
    else if (inspection.admitted > admitted) this.#firsts.enters(serial, session, inspection.admitted)
  }

  /** Now and then between two calls of one service. */
  #reloads(): void {
    if (this.#random.chance(0.3)) this.#serves()
    this.#world.reconfigure(anyChange(this.#random, this.#world.options))
    this.#noteShares()
  }

  #noteShares(): void {
    for (const { share, name } of this.#world.engine.inspection.clients) this.#shares.set(share, name)
  }

  #setMood(): void {
    this.#mood = this.#random.pick(['answer', 'silent', 'random'])
  }

  /** Not all that could go: what was given back to the instance queue may be there when a reload comes. */
  #serves(): void {
    this.#world.engine.serve(this.#world.now, this.#random.between(1, 4))
  }

  #passesTime(): void {
    const atMost = this.#random.pick([1_000, 50_000, 300_000, 3_000_000])
    this.#world.advance(micros(this.#random.between(0, atMost)))
  }

  #forwarded(sent: Sent): void {
    const serial = serialOf(sent.bytes)
    if (serial !== undefined) this.#firsts.leaves(serial)
    if (!this.#hasAnswer()) return
    const isChallenge = sent.class === 'authentication' && this.#random.chance(0.2)
    const challenge = { code: CODE.challenge, state: this.#random.pick(['first', 'second']) }
    const delay = millis(this.#random.between(0, 800))
    this.#world.plan(after(this.#world.now, delay), () => this.#world.answer(sent, isChallenge ? challenge : {}))
  }

  #probed({ lane, bytes }: World['probes'][number]): void {
    if (!this.#hasAnswer()) return
    const answer = responseTo(bytes, { code: CODE.accept, signed: true })
    const { engine } = this.#world
    this.#world.plan(after(this.#world.now, millis(5)), () => engine.probeAnswered(lane, answer, this.#world.now))
  }

  #hasAnswer(): boolean {
    return this.#mood === 'answer' || (this.#mood === 'random' && this.#random.chance(0.5))
  }

  #sender(): { readonly address: string } {
    return { address: this.#random.pick(ADDRESSES) }
  }

  #station(): Attribute[] {
    return this.#random.chance(0.5) ? [] : [[31, Buffer.from(this.#random.pick(['m1', 'm2']))]]
  }
}
