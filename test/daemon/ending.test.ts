/**
 * Drains, stops and changes of mind in every order that operators and supervisors come up with, around instances that do
 * as the test says.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EndingNews } from '../../src/admin/ending-stream.io.ts'
import { Ending } from '../../src/daemon/ending.io.ts'
import { EndingState } from '../../src/daemon/ending.ts'
import type { InstanceView } from '../../src/instances/protocol/instance-view.ts'
import type { Draining } from '../../src/proxy/border/ports.ts'
import { micros } from '../../src/units.ts'
import { calm } from '../observe/intervals.ts'
import { instanceOf } from '../observe/view-of.ts'

const LIMIT_MS = 20_000

/** Instances that have some records in hand until the test says otherwise. */
class Busy {
  records = 3
  draining: Draining = 'no'
  readonly told: Draining[] = []
  #waiting: (() => void)[] = []

  async drain(how: Draining): Promise<void> {
    this.draining = how
    this.told.push(how)
    if (how === 'no') this.#release()
  }

  async idle(): Promise<void> {
    if (this.records > 0 && this.draining !== 'no') await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async view(): Promise<InstanceView[]> {
    const { engine } = calm()
    const classes = { ...engine.classes, accounting: { ...engine.classes.accounting, queued: this.records } }
    return [instanceOf({ ...engine, classes })]
  }

  finish(): void {
    this.records = 0
    this.#release()
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

const world = () => {
  const instances = new Busy()
  const events: string[] = []
  const news: EndingNews['kind'][] = []
  const over: (0 | 1)[] = []
  let read: () => void = () => undefined
  const ending = new Ending({
    instances,
    log: { write: (name) => events.push(name) },
    scope: 'host',
    drainLimit: () => micros(LIMIT_MS * 1_000),
    over: async (code) => {
      over.push(code)
    },
  })
  const hasRead = new Promise<void>((resolve) => {
    read = resolve
  })
  ending.follow({ tell: ({ kind }) => news.push(kind), hasRead })
  return { ending, instances, events, news, over, read }
}
const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a stop without force', () => {
  it('ends when nothing is in hand, after its last word was read', async () => {
    const { ending, instances, news, over, read } = world()
    ending.stop('one', false)
    await pass(1_000)
    expect([instances.told, news, over]).toEqual([['keep'], [], []])
    instances.finish()
    await pass(0)
    expect([news, over]).toEqual([['stopped'], []])
    read()
    await pass(0)
    expect(over).toEqual([0])
    await pass(10 * LIMIT_MS)
    expect([news, over]).toEqual([['stopped'], [0]])
  })

  it('does not end with something in hand, however often it is asked; it can be taken back then', async () => {
    const { ending, instances, events, news, over } = world()
    ending.stop('one', false)
    ending.stop('two', false)
    expect(await ending.resume('three')).toBe('stopping')
    await pass(LIMIT_MS)
    expect([news, over, ending.isStopping, ending.isDraining]).toEqual([['not-stopped'], [], false, true])
    ending.stop('one', false)
    await pass(LIMIT_MS)
    expect(news).toEqual(['not-stopped', 'not-stopped'])
    expect(await ending.resume('three')).toBe('takes-traffic')
    instances.finish()
    await pass(10 * LIMIT_MS)
    expect([news, over, ending.isDraining]).toEqual([['not-stopped', 'not-stopped', 'resumed'], [], false])
    expect(instances.told).toEqual(['keep', 'keep', 'no'])
    expect(events.filter((name) => name === 'not-stopped')).toHaveLength(2)
  })

  it('says that all is done, where that comes after its limit', async () => {
    const { ending, instances, news, over } = world()
    ending.stop('one', false)
    await pass(LIMIT_MS)
    instances.finish()
    await pass(0)
    expect([news, over]).toEqual([['not-stopped', 'drained'], []])
  })
})

describe('the limit of a stop without force', () => {
  it('says nothing where the end began while it looked at what is left', async () => {
    const { ending, instances, events, news, read } = world()
    read()
    const { view } = instances
    ending.stop('one', false)
    await pass(LIMIT_MS - 1)
    // The view of the limit still sees three records; they are finished before its answer comes.
    instances.view = async () => {
      const seen = await view.call(instances)
      if (instances.records > 0) {
        instances.finish()
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      return seen
    }
    await pass(1_000)
    expect(news).toEqual(['stopped'])
    expect(events).not.toContain('not-stopped')
  })
})

describe('a stop with force', () => {
  it('ends after the limit with what is left, and does not wait long for a reader', async () => {
    const { ending, instances, events, news, over } = world()
    ending.stop('SIGTERM', true)
    await pass(LIMIT_MS - 1)
    expect([instances.told, over]).toEqual([['end'], []])
    await pass(1)
    expect([news, over, events.at(-1)]).toEqual([['stopped'], [], 'drain-unfinished'])
    await pass(1_000)
    expect(over).toEqual([1])
  })

  it('takes the place of one without, with a limit of its own', async () => {
    const { ending, instances, news, over } = world()
    ending.stop('one', false)
    await pass(LIMIT_MS / 2)
    ending.stop('SIGTERM', true)
    await pass(LIMIT_MS - 1)
    expect([instances.told, news, over]).toEqual([['keep', 'end'], [], []])
    await pass(1 + 1_000)
    expect([news, over]).toEqual([['stopped'], [1]])
  })

  it('ends at once the second time, and once', async () => {
    const { ending, news, over, read } = world()
    read()
    ending.stop('SIGTERM', true)
    await pass(1)
    ending.stop('SIGTERM', true)
    ending.stop('SIGTERM', true)
    await pass(0)
    expect([news, over]).toEqual([['stopped'], [1]])
    expect(await ending.resume('late')).toBe('stopping')
    ending.drain('late')
    ending.stop('late', false)
    await pass(10 * LIMIT_MS)
    expect([news, over]).toEqual([['stopped'], [1]])
  })

  it('is not softened by a drain or a stop without', async () => {
    const { ending, instances } = world()
    ending.stop('SIGTERM', true)
    ending.drain('late')
    ending.stop('late', false)
    await pass(1)
    expect(instances.told).toEqual(['end'])
  })
})

describe('a drain', () => {
  it('says when all is done, each time that it is asked for', async () => {
    const { ending, instances, news } = world()
    ending.drain('one')
    await pass(1)
    instances.finish()
    await pass(0)
    ending.drain('two')
    await pass(0)
    expect(news).toEqual(['drained', 'drained'])
  })

  it('that is taken back says nothing more of itself', async () => {
    const { ending, instances, news } = world()
    ending.drain('one')
    await pass(1)
    expect(await ending.resume('two')).toBe('takes-traffic')
    instances.finish()
    await pass(0)
    expect([news, ending.isDraining]).toEqual([['resumed'], false])
    expect(await ending.resume('nothing to take back')).toBe('takes-traffic')
    expect(instances.told).toEqual(['keep', 'no'])
  })

  it('is taken back once by two who ask at the same time, and both hear so', async () => {
    const { ending, instances, news } = world()
    ending.drain('one')
    await pass(1)
    const both = [ending.resume('two'), ending.resume('three')]
    expect(await Promise.all(both)).toEqual(['takes-traffic', 'takes-traffic'])
    expect([instances.told, news, ending.isDraining]).toEqual([['keep', 'no'], ['resumed'], false])
  })

  it('and a stop that cross a resume: the stop holds, and the resume says so', async () => {
    const { ending, instances } = world()
    ending.drain('one')
    await pass(1)
    const resumed = ending.resume('two')
    ending.stop('three', false)
    expect(await resumed).toBe('stopping')
    expect(await ending.resume('two again')).toBe('stopping')
    expect(instances.draining).toBe('keep')
  })

  it('and a change of mind that cross each other: the later one holds', async () => {
    const { ending, instances, news } = world()
    ending.drain('one')
    await pass(1)
    const resumed = ending.resume('two')
    ending.drain('three')
    expect(await resumed).toBe('drains-again')
    await pass(1)
    expect([instances.draining, ending.isDraining, news]).toEqual(['keep', true, []])
  })
})

it('a daemon is starting until it serves, and draining until it takes traffic again', () => {
  const state = new EndingState<string>()
  expect(state.phase).toBe('starting')
  state.opened()
  expect(state.phase).toBe('running')
  const [drain] = state.drain('anna')
  expect(state.phase).toBe('draining')
  state.told((drain as { turn: number }).turn)
  const [resume] = state.resume('bert', 'bert')
  expect(state.phase).toBe('draining')
  state.told((resume as { turn: number }).turn)
  expect(state.phase).toBe('running')
  state.stop('anna', false, micros(1))
  expect(state.phase).toBe('draining')
})
