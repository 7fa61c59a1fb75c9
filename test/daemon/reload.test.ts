/**
 * Reloads and overrides in every order, with files that change, reloads that are refused, threads that end and a daemon that
 * ends between any two steps: what holds, what each one is told, and what every thread has in the end.
 */
import { describe, expect, it } from 'vitest'
import { NO_OVERRIDES, type Overridden, type OverrideChange, withChange } from '../../src/admin/overrides.ts'
import { codedError } from '../../src/coded-error.ts'
import { engineOptions } from '../../src/config/outward/engine-options.ts'
import { instanceSettings, type Layers, type ReloadAct, ReloadState } from '../../src/daemon/reload.ts'
import { Rollout, type RolloutAct } from '../../src/instances/rollout.ts'
import { SharedMemories } from '../../src/instances/shared/shared-memory.ts'
import { instant, perSecond } from '../../src/units.ts'
import { configText, load, server } from '../config/fixture.ts'
import { type Interleaved, walkAll } from '../interleavings.ts'

const [ONE, TWO] = [server('one', '198.51.100.1'), server('two', '198.51.100.2')]
/** What the file says, one text after the other; the third one is wrong. */
const FILES = [configText({ servers: `${ONE}\n${TWO}` }), configText({ servers: TWO }), 'clients: none'].map((text) =>
  load(text),
)
const CONFIG = FILES[0]!.ok ? FILES[0]!.config : undefined!
const namesIn = ({ config }: Layers): string => config.farm.servers.map(({ name }) => name).join()
const MARK = { by: 'anna', sinceUnixSeconds: 1 }
const CHANGES: Readonly<Record<string, OverrideChange>> = {
  hold: { kind: 'hold', lanes: [{ server: 'one', class: 'accounting' }], isHeldDown: true, mark: MARK },
  rate: { kind: 'max-rate', lane: { server: 'two', class: 'accounting' }, maxRate: perSecond(7), mark: MARK },
}

interface Asker {
  readonly what: string
  readonly at: number
  answers: number
}

interface Thread {
  readonly number: number
  has: Layers
  prepared: Layers | undefined
  serves: boolean
  /** What it was told and has not done yet. */
  told: Extract<RolloutAct<Layers>, { do: 'call' }>['instruction'] | undefined
}

class Shell implements Interleaved {
  readonly state = new ReloadState<Asker>(CONFIG, 0)
  readonly rollout = new Rollout<Layers>(this.state.layers)
  thread: Thread | undefined
  file = 0
  readonly asked: Asker[] = []
  /** What holds, as it must come out of what was answered so far. */
  holds = { servers: 'one,two', held: false, rate: false, forgets: 0 }
  isToRead = false
  readAt = 0
  committed: Layers = this.state.layers
  isRollingOut: 'reload' | 'override' | false = false
  /** One is over, and not answered yet. */
  isRolledOut = false
  readonly reloads: boolean[] = []
  isOver = false
  readonly #all: boolean
  #count = 0
  #threads = 0

  /** `all`: also edits between reloads, reloads that forget, a port that is taken, and an end of the daemon. */
  constructor(all: boolean) {
    this.#all = all
    this.#start()
    for (let next = this.steps()[0]; next !== undefined; next = this.steps()[0]) this.happen(next)
  }

  events(): string[] {
    return [
      ...['reload', 'hold', 'rate'],
      ...(this.thread === undefined ? [] : ['death']),
      ...(this.#all ? ['edit', 'forget'] : []),
      ...(this.#all && this.isRollingOut === 'reload' && this.thread?.told?.name === 'prepare'
        ? ['port is taken']
        : []),
      ...(this.isOver || !this.#all ? [] : ['end']),
    ]
  }

  steps(): string[] {
    return [
      ...(this.isToRead ? ['read'] : []),
      ...(this.thread === undefined ? ['start'] : []),
      ...(this.thread?.told === undefined ? [] : ['thread']),
    ]
  }

  happen(choice: string): void {
    this.#count += 1
    if (choice === 'edit' || (choice === 'reload' && !this.#all)) this.file = (this.file + 1) % FILES.length
    if (choice === 'reload' || choice === 'forget')
      this.#ask(choice, (one) => this.state.reload(one, 'running', choice === 'forget'))
    else if (choice === 'hold' || choice === 'rate')
      this.#ask(choice, (one) => this.state.override(one, CHANGES[choice]!))
    else if (choice === 'death') this.#die()
    else if (choice === 'port is taken') this.#refuse()
    else if (choice === 'end') this.#end()
    else if (choice === 'read') this.#read()
    else if (choice === 'start') this.#start()
    else if (choice === 'thread') this.#obey()
  }

  check(): void {
    const { layers, status } = this.state
    const { held, maxRates } = layers.overrides
    const holds = {
      servers: namesIn(layers),
      held: held.length === 1,
      rate: maxRates.length === 1,
      forgets: layers.forgets,
    }
    this.#same(holds, this.holds)
    this.#same(
      [status.reloadsOk, status.reloadsFailed],
      [true, false].map((ok) => this.reloads.filter((one) => one === ok).length),
    )
    this.#same(status.refused === undefined, this.reloads.at(-1) ?? true)
    this.#must(
      this.isRollingOut !== false || this.committed === layers,
      'instances have what the daemon does not know of',
    )
    this.#must(!this.asked.some(({ answers }) => answers > 1), 'an answer comes twice')
  }

  checkRest(): void {
    this.#must(
      this.asked.every(({ answers }) => answers === 1),
      'one who asked waits for ever',
    )
    this.#must(this.thread?.serves === true && this.thread.has === this.state.layers, 'the thread has other settings')
  }

  key(): string {
    const { thread, asked } = this
    const of = thread && [
      describeLayers(thread.has),
      thread.prepared && describeLayers(thread.prepared),
      thread.serves,
      thread.told?.name,
    ]
    const waiting = asked.filter(({ answers }) => answers === 0).map(({ what, at }) => [what, at > this.readAt])
    return JSON.stringify([
      ...[of, waiting, this.file, this.holds, describeLayers(this.committed), this.isToRead, this.isRollingOut],
      ...[this.reloads.at(-1), this.isOver],
    ])
  }

  #must(holds: boolean, otherwise: string): void {
    if (!holds) throw new Error(otherwise)
  }

  #same(what: unknown, is: unknown): void {
    this.#must(JSON.stringify(what) === JSON.stringify(is), `${JSON.stringify(what)} is no ${JSON.stringify(is)}`)
  }

  #ask(what: string, how: (asker: Asker) => ReloadAct<Asker>[]): void {
    const asker = { what, at: this.#count, answers: 0 }
    this.asked.push(asker)
    this.#do(how(asker))
  }

  #end(): void {
    this.isOver = true
    this.state.end()
  }

  #read(): void {
    this.isToRead = false
    this.readAt = this.#count
    this.#do(this.state.read(FILES[this.file]!))
  }

  #do(acts: readonly ReloadAct<Asker>[]): void {
    for (const act of acts) {
      if (act.do === 'read') {
        this.#must(!this.isToRead && !this.isRollingOut, 'it reads out of turn')
        this.isToRead = true
      } else if (act.do === 'roll-out') {
        this.#must(!this.isToRead && !this.isRollingOut && !this.isOver, 'it rolls out out of turn')
        // An override needs no socket.
        this.isRollingOut = this.readAt === this.#count ? 'reload' : 'override'
        this.#roll(this.rollout.reconfigure(act.layers))
      } else if (act.do === 'answer-reload') this.#reloaded(act.askers, act.result)
      else if (act.do === 'answer-override') this.#overridden(act.askers, act.result)
      else if (act.do === 'reject') throw act.error
    }
  }

  #reloaded(askers: readonly Asker[], result: Extract<ReloadAct<Asker>, { do: 'answer-reload' }>['result']): void {
    for (const asker of askers) asker.answers += 1
    if (!result.ok && result.problems[0] === 'it does not run any more, or not yet') {
      this.#must(this.isOver, 'a reload is not taken by a daemon that runs')
      return
    }
    for (const asker of askers) {
      this.#must(asker.at < this.readAt, 'a reload read the file before it was asked for')
    }
    const others = this.asked.filter(
      ({ what, at, answers }) => /reload|forget/.test(what) && at < this.readAt && answers === 0,
    )
    this.#same(others, [])
    if (!result.ok && result.problems[0] === 'the daemon ends') return
    this.reloads.push(result.ok)
    this.isRolledOut = false
    if (!result.ok) return
    const isToForget = askers.some(({ what }) => what === 'forget')
    this.#same(result.forgotLearned, isToForget)
    this.#same(result.endedOverrides.length, Number(this.holds.rate) + Number(this.holds.held && !this.#hasOne()))
    this.holds = {
      servers: this.#hasOne() ? 'one,two' : 'two',
      held: this.holds.held && this.#hasOne(),
      rate: false,
      forgets: this.holds.forgets + Number(isToForget),
    }
  }

  /** Whether the settings that were given to the instances last have the server. */
  #hasOne(): boolean {
    return namesIn(this.committed) === 'one,two'
  }

  #overridden([asker]: readonly Asker[], result: Overridden): void {
    asker!.answers += 1
    const isRolledOut = this.isRolledOut
    this.isRolledOut = false
    if (!isRolledOut) {
      this.#must(this.isOver, 'an override is answered and was given to no instance')
      return
    }
    if (asker!.what === 'hold') {
      this.#same(result.held.length, this.holds.held ? 0 : 1)
      this.holds = { ...this.holds, held: this.#hasOne() }
    } else this.holds = { ...this.holds, rate: true }
  }

  #start(): void {
    this.#threads += 1
    this.thread = {
      number: this.#threads,
      has: this.rollout.settings,
      prepared: undefined,
      serves: false,
      told: undefined,
    }
    this.#roll(this.rollout.started(this.#threads))
  }

  #die(): void {
    const { number } = this.thread!
    this.thread = undefined
    this.#roll(this.rollout.ended(number))
  }

  #refuse(): void {
    this.thread!.told = undefined
    const error = codedError(
      'ADDRESS_IN_USE',
      'the port is taken',
      Object.assign(new Error('bind'), { code: 'EADDRINUSE' }),
    )
    this.#roll(this.rollout.answered(this.thread!.number, { error }))
  }

  #obey(): void {
    const thread = this.thread!
    const told = thread.told!
    thread.told = undefined
    if (told.name === 'prepare') thread.prepared = told.settings
    else if (told.name === 'forget') thread.prepared = undefined
    else if (told.name === 'listen') thread.serves = true
    else if (told.name === 'reconfigure') {
      this.#must(thread.prepared === told.settings, 'a thread gets what it did not prepare')
      thread.has = told.settings
      thread.prepared = undefined
    }
    this.#roll(this.rollout.answered(thread.number))
  }

  #roll(acts: readonly RolloutAct<Layers>[]): void {
    for (const act of acts) {
      if (act.do === 'call') this.thread!.told = act.instruction
      else if (act.do === 'commit') this.committed = act.settings
      else if (act.do === 'over') {
        this.isRollingOut = false
        this.isRolledOut = true
        this.#do(act.refused === undefined ? this.state.rolledOut(this.#count) : this.state.failed(act.refused))
      } else if (act.do === 'broken') throw act.error
    }
  }
}

const describeLayers = (layers: Layers): unknown => [namesIn(layers), layers.overrides, layers.forgets]

describe('in every order of reloads, overrides, edits, deaths and an end', () => {
  it.each([
    [3, true],
    [4, false],
  ])('what holds is what was answered, and each thread ends with it: %i events', (events, all) => {
    const { states, rests } = walkAll(() => new Shell(all), events)
    expect(rests).toBeGreaterThan(30)
    expect(states).toBeGreaterThan(3 * rests)
  })
})

describe('a reload', () => {
  const [first, second] = [
    FILES[0]!,
    load(configText({ top: 'listen: { authentication: ["127.0.0.1:1900"] }', servers: TWO })),
  ]
  const reloaded = (state: ReloadState<string>, file: typeof first) => {
    expect(state.reload('anna', 'running', false)).toEqual([{ do: 'read' }])
    expect(state.read(file)).toMatchObject([{ do: 'roll-out' }])
    return state.rolledOut(9)
  }

  it('keeps the settings that need a restart, says which wait for one, and forgets that where the file is as before', () => {
    const state = new ReloadState<string>(CONFIG, 1)
    const acts = reloaded(state, second)
    const waitingForRestart = ['listen.authentication']
    expect(acts).toMatchObject([
      { do: 'log-reloaded', result: { waitingForRestart } },
      { do: 'answer-reload', askers: ['anna'], result: { ok: true, waitingForRestart } },
    ])
    expect(state.layers.config.listen).toEqual(CONFIG.listen)
    expect(namesIn(state.layers)).toBe('two')
    expect(state.status).toEqual({
      reloadsOk: 1,
      reloadsFailed: 0,
      lastSuccessUnixSeconds: 9,
      refused: undefined,
      waitingForRestart,
    })
    reloaded(state, first)
    expect(state.status).toMatchObject({ reloadsOk: 2, waitingForRestart: [] })
  })

  it('that is refused changes nothing, and says why; a bug is no refusal', () => {
    const state = new ReloadState<string>(CONFIG, 1)
    state.reload('anna', 'running', true)
    state.read(second)
    const taken = codedError(
      'ADDRESS_IN_USE',
      'port 5 is taken',
      Object.assign(new Error('bind'), { code: 'EADDRINUSE' }),
    )
    const result = { ok: false, problems: ['port 5 is taken'] }
    expect(state.failed(taken)).toEqual([
      { do: 'log-refused', problems: 'port 5 is taken' },
      { do: 'answer-reload', askers: ['anna'], result },
    ])
    const status = {
      reloadsOk: 0,
      reloadsFailed: 1,
      lastSuccessUnixSeconds: 1,
      refused: 'port 5 is taken',
      waitingForRestart: [],
    }
    expect(state.status).toEqual(status)
    expect(state.layers).toMatchObject({ config: CONFIG, forgets: 0 })
    state.reload('bert', 'running', false)
    state.read(second)
    const bug = new TypeError('x is not a function')
    expect(state.failed(bug)).toEqual([{ do: 'reject', askers: ['bert'], error: bug }])
    expect(state.status).toEqual(status)
  })

  it('can be seen before, and that changes nothing', () => {
    const state = new ReloadState<string>(CONFIG, 1)
    const { layers } = state
    expect(state.preview(second)).toMatchObject({
      ok: true,
      changes: expect.arrayContaining([expect.objectContaining({ needsRestart: true })]),
    })
    expect(state.preview(FILES[2]!)).toMatchObject({ ok: false })
    expect([state.layers, state.status.refused]).toEqual([layers, undefined])
  })

  it('is refused during a drain, and the log and the status say so', () => {
    const state = new ReloadState<string>(CONFIG, 1)
    const refused = 'it drains; reload after "radsluice resume", or let it end'
    expect(state.reload('anna', 'draining', false)).toEqual([
      { do: 'log-refused', problems: refused },
      { do: 'answer-reload', askers: ['anna'], result: { ok: false, problems: [refused] } },
    ])
    expect(state.status).toMatchObject({ refused, reloadsFailed: 1 })
    expect(state.reload('anna', 'running', false)).toEqual([{ do: 'read' }])
  })

  it('is answered at once by a daemon that does not serve yet, or not any more, and counts for nothing', () => {
    const result = { ok: false, problems: ['it does not run any more, or not yet'] }
    const answer = [{ do: 'answer-reload', askers: ['anna'], result }]
    const state = new ReloadState<string>(CONFIG, 1)
    expect(state.reload('anna', 'starting', false)).toEqual(answer)
    state.end()
    for (const phase of ['running', 'draining', 'starting'] as const) {
      expect(state.reload('anna', phase, false)).toEqual(answer)
    }
    expect(state.status).toMatchObject({ refused: undefined, reloadsFailed: 0 })
  })
})

it('the instances get what operators changed over what the file says', () => {
  const memories = new SharedMemories({ scope: 'instance', instances: 1 })
  const of = (overrides: Layers['overrides']) =>
    instanceSettings({ config: CONFIG, overrides, forgets: 3 }, memories, instant(0))
  const rateIn = ({ options }: ReturnType<typeof of>) =>
    options.servers.find(({ name }) => name === 'two')?.lanes.accounting?.maxRate
  const plain = of(NO_OVERRIDES)
  expect([plain.logLevel, plain.forgets, plain.logsSessions]).toEqual([CONFIG.log.level, 3, false])
  const { overrides } = withChange(NO_OVERRIDES, CHANGES['rate']!, engineOptions(CONFIG))
  const changed = of({ ...overrides, logLevel: { level: 'trace', ...MARK } })
  expect([changed.logLevel, rateIn(changed)]).toEqual(['trace', 7])
  expect(rateIn(plain)).not.toBe(7)
})
