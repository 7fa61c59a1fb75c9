/**
 * The law of the boundary: each part of watching may throw, and the daemon goes on, says so once, keeps what it knew, and
 * sees again when the fault is over. A fault is planted in each part in turn.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Attached } from '../../../src/admin/attached.ts'
import type { Reader, Stream } from '../../../src/admin/route.ts'
import { followingRoutes } from '../../../src/admin/routes/following.io.ts'
import { Traces } from '../../../src/admin/traces.io.ts'
import { Watch } from '../../../src/observe/alarms/watch.io.ts'
import { Webhook } from '../../../src/observe/alarms/webhook.io.ts'
import { Boundary } from '../../../src/observe/boundary/boundary.io.ts'
import { watchErrorText } from '../../../src/observe/boundary/watch-errors.ts'
import { Log } from '../../../src/observe/log/log.io.ts'
import { RotatingFile } from '../../../src/observe/log/rotating-file.io.ts'
import { TpsFile } from '../../../src/observe/log/tps-file.io.ts'
import type { DaemonView } from '../../../src/observe/view/view.ts'
import { type System, Vitals } from '../../../src/observe/vitals.io.ts'
import { instant, seconds } from '../../../src/units.ts'
import { calm, defaults, inClass } from '../intervals.ts'

const folder = mkdtempSync(join(tmpdir(), 'radsluice-boundary-'))
const noDescriptor = (): Error =>
  Object.assign(new Error('EMFILE: too many open files, uv_resident_set_memory'), { code: 'EMFILE' })

beforeEach(() => {
  vi.useFakeTimers({
    now: new Date(2026, 10, 24, 12, 0, 0),
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  rmSync(folder, { recursive: true, force: true })
})

/** A boundary with its lines, and a clock that a test sets. */
function planted() {
  const lines: string[] = []
  const clock = { seconds: 0 }
  const boundary = new Boundary(
    (place, error, count) => lines.push(`${count} ${place}: ${(error as Error).message}`),
    () => instant(clock.seconds * 1e6),
  )
  return { boundary, lines, clock }
}

/** Throws while it is broken. */
const breakable = <T>(act: () => T) => {
  const state = { isBroken: false }
  return Object.assign(
    (): T => {
      if (state.isBroken) throw noDescriptor()
      return act()
    },
    { state },
  )
}

describe('the boundary', () => {
  it('says the first error of a kind and place at once, then one a minute with the count', () => {
    const { boundary, lines, clock } = planted()
    for (let second = 0; second < 150; second += 1) {
      clock.seconds = second
      boundary.run('memory', () => {
        throw noDescriptor()
      })
      boundary.flushDue()
    }
    expect(lines.map((line) => line.split(':')[0])).toEqual(['1 memory', '60 memory', '60 memory'])
    boundary.failed('poll', noDescriptor())
    boundary.failed('memory', new TypeError('x'))
    expect(lines.slice(3).map((line) => line.split(':')[0])).toEqual(['1 poll', '1 memory'])
    expect(boundary.counts).toMatchObject({ memory: 151, poll: 1, look: 0 })
  })

  it('goes on where even the log throws', () => {
    const boundary = new Boundary(() => {
      throw new Error('no log')
    })
    boundary.failed('poll', new Error('x'))
    expect(boundary.counts).toMatchObject({ poll: 1, log: 1 })
  })

  it('takes in timers, promises and listeners', async () => {
    const { boundary, lines } = planted()
    const fail = async () => await Promise.reject(new Error('late'))
    boundary.start('look', fail)
    boundary.after('poll', 10, fail)
    const timer = boundary.every('trace', 10, () => {
      throw new Error('again')
    })
    boundary.guarded('watch', (what: string) => {
      throw new Error(what)
    })('event')
    await vi.advanceTimersByTimeAsync(25)
    clearInterval(timer)
    expect(lines.sort()).toEqual(['1 look: late', '1 poll: late', '1 trace: again', '1 watch: event'])
    expect(boundary.counts.trace).toBe(2)
  })

  it('tells what to do where the system is in the way, and asks for a report of all else', () => {
    expect(watchErrorText(noDescriptor())).toMatch(/^EMFILE: .*raise the limit/)
    expect(watchErrorText(new TypeError('x'))).toMatch(/TypeError: x\n.*please report it/s)
  })
})

describe('vitals', () => {
  const tables = 'head\n 1: 0100007F:0714 0:0 07 0:0 0:0 0 0 0 7 2 0 3\n'
  const local = [{ address: '127.0.0.1', port: 1812 }]

  it('keep their last values, and are undefined before the first', () => {
    const { boundary, lines } = planted()
    const residentBytes = breakable(() => 1_000)
    const readText = breakable(() => tables)
    const cpuMicros = breakable(() => 3e6)
    const system: System = { residentBytes, cpuMicros, readText }
    const vitals = new Vitals(boundary, system)
    const all = [residentBytes, readText, cpuMicros].map(({ state }) => state)
    for (const state of all) state.isBroken = true
    expect([vitals.process(), vitals.kernelDrops(local)]).toEqual([
      { residentBytes: undefined, cpuSeconds: undefined },
      [undefined],
    ])
    for (const state of all) state.isBroken = false
    const known = [{ residentBytes: 1_000, cpuSeconds: 3 }, [3]]
    expect([vitals.process(), vitals.kernelDrops(local)]).toEqual(known)
    for (const state of all) state.isBroken = true
    expect([vitals.process(), vitals.kernelDrops(local)]).toEqual(known)
    expect(lines).toHaveLength(2)
  })

  it('are unknown, and no error, where the system has no such table', () => {
    const { boundary, lines } = planted()
    const readText = (): string => {
      throw Object.assign(new Error('none'), { code: 'ENOENT' })
    }
    const vitals = new Vitals(boundary, { residentBytes: () => 1, cpuMicros: () => 0, readText })
    expect([vitals.kernelDrops(local), lines]).toEqual([[undefined], []])
  })
})

describe('the watch', () => {
  const full = inClass('accounting', () => ({ queued: 200_000 }))

  function watch(look: () => DaemonView) {
    const { boundary, lines } = planted()
    const events: string[] = []
    const one = new Watch(defaults(), {
      view: async () => look(),
      log: { write: (name) => events.push(name) },
      admin: () => '',
      boundary,
    })
    one.start()
    const polls = (count: number) => vi.advanceTimersByTimeAsync((count * defaults().pollInterval) / 1_000)
    return { one, lines, events, polls, boundary }
  }

  it('polls on after a look that throws, and its alarms stay as they are meanwhile', async () => {
    const look = breakable(() => full(calm()))
    const { one, lines, polls, boundary } = watch(look)
    await polls(3)
    const raised = one.upToDate({ ...calm(), watch: one.latest }).watch.alarms.map(({ id }) => id)
    expect(raised).toContain('queue-fill')
    look.state.isBroken = true
    await polls(5)
    expect(boundary.counts.poll).toBe(5)
    expect(lines).toHaveLength(1)
    expect(one.upToDate({ ...calm(), watch: one.latest }).watch.alarms.map(({ id }) => id)).toEqual(raised)
    look.state.isBroken = false
    await polls(1)
    expect(boundary.counts.poll).toBe(5)
    one.stop()
  })

  it('judges also where the configuration is read again before each poll', async () => {
    const { one, polls } = watch(() => full(calm()))
    for (let reload = 0; reload < 12; reload += 1) {
      await polls(1 / 4)
      one.reconfigure(defaults())
    }
    await polls(1 / 8)
    expect(one.upToDate({ ...calm(), watch: one.latest }).watch.alarms.map(({ id }) => id)).toContain('queue-fill')
    one.stop()
  })

  it('judges the other alarms where one can not be read, and keeps that one', async () => {
    let isBroken = false
    const { one, polls, boundary } = watch(() => {
      const view = full(calm())
      return {
        ...view,
        get limits(): DaemonView['limits'] {
          if (isBroken) throw new TypeError('limits')
          return view.limits
        },
        config: { ...view.config, refused: isBroken ? 'a problem' : undefined },
      }
    })
    await polls(3)
    isBroken = true
    await polls(3)
    const raised = one.upToDate({ ...calm(), watch: one.latest }).watch.alarms.map(({ id }) => id)
    expect(raised).toEqual(expect.arrayContaining(['queue-fill', 'reload-refused']))
    expect(boundary.counts.alarms).toBeGreaterThan(0)
    one.stop()
  })
})

describe('the webhook', () => {
  it('sends again after an error of its own', async () => {
    vi.useRealTimers()
    const { boundary, lines } = planted()
    let sent = 0
    vi.stubGlobal('fetch', async () => {
      sent += 1
      return { ok: true, body: null }
    })
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    const admin = breakable(() => '127.0.0.1:9812')
    const options = { url: 'http://127.0.0.1:9/', resendInterval: seconds(60) }
    const webhook = new Webhook(options, { admin, failed: () => undefined, boundary })
    const alarm = {
      id: 'shed',
      severity: 'critical',
      subject: {},
      sinceUnixSeconds: 0,
      value: 1,
      detail: undefined,
      advice: 'look',
    } as const
    admin.state.isBroken = true
    webhook.notify([alarm], { raised: [], cleared: [] }, 1_000)
    await turn()
    expect([lines.length, sent]).toEqual([1, 0])
    admin.state.isBroken = false
    webhook.notify([alarm], { raised: [], cleared: [] }, 1_001)
    await turn()
    expect(webhook.view.ok).toBe(1)
  })
})

describe('files', () => {
  it('the TPS file has its next line after a look that throws', async () => {
    const { boundary, lines } = planted()
    const look = breakable(() => calm())
    const tps = new TpsFile({ directory: folder, keepDays: 1 }, async () => look(), boundary)
    look.state.isBroken = true
    tps.start()
    await vi.advanceTimersByTimeAsync(31_000)
    expect([boundary.counts['tps-file'], lines.length]).toEqual([3, 1])
    look.state.isBroken = false
    await vi.advanceTimersByTimeAsync(30_000)
    vi.useRealTimers()
    await tps.stop()
    const [name = ''] = readdirSync(folder)
    expect(readFileSync(join(folder, name), 'utf8').trim().split('\n')).toHaveLength(1)
  })

  it('a file of a day is written, and the next one too, where an old one can not be removed', async () => {
    const failures: unknown[] = []
    const clock = { now: new Date(2026, 10, 24) }
    mkdirSync(join(folder, 'x-1.log'), { recursive: true })
    const file = new RotatingFile(
      { setting: 'log.directory', nameOf: (day) => `x-${day.getDate()}.log`, isOneOfThem: /^x-\d+\.log$/ },
      { directory: folder, keepDays: 1, failed: (error) => failures.push(error) },
      () => clock.now,
    )
    vi.useRealTimers()
    for (const day of [24, 25, 26]) {
      clock.now = new Date(2026, 10, day)
      file.write(`${day}\n`)
      await file.drained()
    }
    expect(readFileSync(join(folder, 'x-26.log'), 'utf8')).toBe('26\n')
    expect([failures.length, file.lost]).toEqual([3, 0])
  })

  it('a log whose target throws loses the line and counts it', () => {
    const write = breakable(() => undefined)
    const log = new Log('info', { write, drained: async () => undefined, lost: 0 })
    write.state.isBroken = true
    log.write('instance-restarted', { instance: 1 })
    log.passOn('{}\n')
    log.note({ kind: 'all-servers-down', class: 'accounting', parked: 1, held: [] }, instant(0))
    write.state.isBroken = false
    log.write('instance-restarted', { instance: 1 })
    expect(log.lost).toBe(3)
  })
})

describe('streams', () => {
  const reader = (write: (line: string) => boolean) => {
    let end = (): void => undefined
    const one: Reader = {
      write,
      end: () => end(),
      onEnd: (act) => {
        end = act
      },
    }
    return one
  }
  const asked = (query: string) => ({
    params: {},
    query: new URLSearchParams(query),
    body: {},
    who: 'a test',
    isTrusted: true,
    isOverSocket: true,
  })

  it('/watch sends the next report after one that could not be made', async () => {
    const { boundary, lines } = planted()
    const look = breakable(() => calm())
    const traces = new Traces(async () => undefined, boundary)
    const routes = followingRoutes({
      view: async () => look(),
      attached: new Attached(),
      traces,
      boundary,
      clients: () => ['bng'],
    })
    const stream = (await routes[0]!.answer(asked('interval=1000'))) as Stream
    const reports: string[] = []
    const one = reader((line) => reports.push(line) > 0)
    look.state.isBroken = true
    stream.begin(one)
    await vi.advanceTimersByTimeAsync(2_500)
    expect([reports.length, boundary.counts.watch, lines.length]).toEqual([0, 3, 1])
    look.state.isBroken = false
    await vi.advanceTimersByTimeAsync(1_000)
    expect(reports).toHaveLength(1)
    one.end()
  })

  it('/trace ends at its time though its reader throws', async () => {
    const { boundary } = planted()
    const attached = new Attached()
    const traces = new Traces(async () => undefined, boundary)
    const routes = followingRoutes({ view: async () => calm(), attached, traces, boundary, clients: () => ['bng'] })
    const stream = (await routes[1]!.answer(asked('client=bng&seconds=20'))) as Stream
    const write = breakable(() => true)
    const one = reader(write)
    write.state.isBroken = true
    stream.begin(one)
    await vi.advanceTimersByTimeAsync(18_000)
    expect(boundary.counts.trace).toBe(4)
    write.state.isBroken = false
    await vi.advanceTimersByTimeAsync(3_000)
    expect(attached.all).toEqual([])
  })
})
