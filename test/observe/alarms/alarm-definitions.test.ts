import { describe, expect, it } from 'vitest'
import type { TrafficClass } from '../../../src/classes.ts'
import { type AlarmDefinition, failsStatus, severityOf } from '../../../src/observe/alarms/alarm-definition.ts'
import { ALARMS, shortened } from '../../../src/observe/alarms/alarm-definitions.ts'
import { adviceOf, alarmText, alertNameOf } from '../../../src/observe/alarms/alarm-text.ts'
import { Alarms } from '../../../src/observe/alarms/alarms.ts'
import type { Subject } from '../../../src/observe/view/alarm.ts'
import { ALARM_IDS, type AlarmId } from '../../../src/observe/view/alarm.ts'
import { Interval } from '../../../src/observe/view/interval.ts'
import type { LedgerSnapshot } from '../../../src/proxy/border/endings.ts'
import type { LaneSnapshot } from '../../../src/proxy/border/snapshot.ts'
import { AdaptiveWindow } from '../../../src/throttle/adaptive-window.ts'
import { after, micros, perSecond, seconds } from '../../../src/units.ts'
import { START } from '../../proxy/kit.ts'
import { type Change, defaults, inClass, inEngine, inLane, inLedger, intervalOf, shedFor } from '../intervals.ts'

interface Case {
  readonly subject: Subject
  /** An interval in which the alarm measures exactly this. */
  readonly at: (value: number) => Interval
  /** The smallest step that its measure can take. */
  readonly step: number
}

const LANE = { server: 's2', class: 'accounting' } as const
const by =
  (change: (value: number) => Change): Case['at'] =>
  (value) =>
    intervalOf(change(value))

const SEEN = { at: '10.9.0.1', packet: { code: 1, identifier: 7, port: 4_711 }, seen: START }

const unsigned = (isSo: number, who: { peer: 'client' | 'server'; name: string }): Change =>
  inEngine((engine) => ({
    ...engine,
    signing: { mixed: [], dropped: isSo >= 1 ? [{ ...who, ...SEEN, because: 'learned' }] : [] },
  }))

const mixed = (isSo: number, who: { peer: 'client' | 'server'; name: string }): Change =>
  inEngine((engine) => ({
    ...engine,
    signing: { mixed: isSo >= 1 ? [{ ...who, ...SEEN, unsigned: undefined, others: 0 }] : [], dropped: [] },
  }))

const CASES: Readonly<Record<AlarmId, Case>> = {
  'queue-fill': {
    subject: { class: 'accounting' },
    at: by((percent) => inClass('accounting', () => ({ queued: 2_000 * percent }))),
    step: 1 / 2_000,
  },
  'queue-age': {
    subject: { class: 'authentication' },
    at: by((percent) => inClass('authentication', () => ({ ageShare: percent / 100 }))),
    step: 1 / 50_000,
  },
  'server-down': {
    subject: LANE,
    at: by((isDown) => inLane(LANE, () => ({ state: isDown >= 1 ? 'down' : 'not_responding' }))),
    step: 1,
  },
  'server-failing': {
    subject: LANE,
    at: by((isFailing) => inLane(LANE, () => ({ state: isFailing >= 1 ? 'failing' : 'not_responding' }))),
    step: 1,
  },
  'unanswered-by-live-server': {
    subject: LANE,
    at: by((count) => inLane(LANE, ({ counters }) => ({ counters: { ...counters, unansweredByLiveServer: count } }))),
    step: 1,
  },
  'all-servers-down': {
    subject: { class: 'accounting' },
    at: by((isDown) => (view) => {
      const one = inLane({ ...LANE, server: 's1' }, () => ({ state: 'down' }))(view)
      return inLane(LANE, () => ({ state: isDown >= 1 ? 'down' : 'active' }))(one)
    }),
    step: 1,
  },
  ceiling: {
    subject: LANE,
    // 100 a second are 6,000 a minute.
    at: by((percent) => inLane(LANE, ({ counters }) => ({ counters: { ...counters, requests: 60 * percent } }))),
    step: 1 / 60,
  },
  'window-too-wide': {
    subject: LANE,
    // The time-out of these servers is 3 s, so 170 a second are 255 in half of it, and 171 are 256.
    at: by((isWide) => inLane(LANE, () => ({ maxOutstanding: 256, slowestPace: isWide >= 1 ? 170 : 171 }))),
    step: 1,
  },
  'window-collapsed': {
    subject: LANE,
    at: by((isNarrow) => inLane(LANE, () => ({ maxOutstanding: 256, window: isNarrow >= 1 ? 25 : 26 }))),
    step: 1,
  },
  shed: {
    subject: { class: 'accounting' },
    at: by((count) => inLedger('accounting', shedFor('queue-messages', count))),
    step: 1,
  },
  expired: {
    subject: { class: 'authentication' },
    at: by((count) => inLedger('authentication', { expired: count })),
    step: 1,
  },
  retries: {
    subject: LANE,
    at: by((percent) =>
      inLane(LANE, ({ counters }) => ({
        counters: { ...counters, requests: 10 * (100 - percent), retransmissions: 10 * percent },
      })),
    ),
    step: 0.1,
  },
  'client-secret': {
    subject: { client: 'other' },
    at: by((count) =>
      inEngine((engine) => ({
        ...engine,
        clients: engine.clients.map((one) => (one.name === 'other' ? { ...one, badAuthenticators: count } : one)),
      })),
    ),
    step: 1,
  },
  'server-secret': {
    subject: LANE,
    at: by((count) =>
      inLane(LANE, ({ counters }) => ({
        counters: { ...counters, dropped: { ...counters.dropped, 'bad-authenticator': count, late: 99 } },
      })),
    ),
    step: 1,
  },
  'never-answered': {
    subject: LANE,
    at: by((timeouts) => inLane(LANE, () => ({ unheard: { timeouts } }))),
    step: 1,
  },
  'given-up': {
    subject: { class: 'authentication' },
    at: by((count) => inLedger('authentication', { givenUp: Math.min(2, count), superseded: Math.max(0, count - 2) })),
    step: 1,
  },
  'client-drops': {
    subject: { client: 'other' },
    at: by((count) =>
      inEngine((engine) => ({
        ...engine,
        clients: engine.clients.map((one) =>
          one.name === 'other' ? { ...one, dropped: 5 + count, badAuthenticators: 5 } : one,
        ),
      })),
    ),
    step: 1,
  },
  'server-drops': {
    subject: LANE,
    at: by((count) =>
      inLane(LANE, ({ counters }) => ({
        counters: {
          ...counters,
          dropped: { ...counters.dropped, 'missing-message-authenticator': count, 'bad-authenticator': 99, late: 99 },
        },
      })),
    ),
    step: 1,
  },
  'send-failures': {
    subject: {},
    at: by((count) => (view) => ({ ...view, sendFailures: view.sendFailures + count })),
    step: 1,
  },
  'internal-errors': {
    subject: {},
    at: by((count) => (view) => ({ ...view, internalErrors: view.internalErrors + count })),
    step: 1,
  },
  'sessions-log-lost': {
    subject: {},
    at: by((count) => (view) => ({ ...view, sessionsLogLinesLost: (view.sessionsLogLinesLost ?? 0) + count })),
    step: 1,
  },
  'log-lines-lost': {
    subject: {},
    at: by((count) => (view) => ({
      ...view,
      logLinesLost: view.logLinesLost + 1,
      tpsLinesLost: view.tpsLinesLost + count - 1,
    })),
    step: 1,
  },
  'webhook-failing': {
    subject: {},
    at: by((isSo) => (view) => ({
      ...view,
      watch: {
        ...view.watch,
        webhook: { ok: 0, failed: 1, waiting: 1, lost: 0, failing: isSo >= 1 ? 'it answers 500' : undefined },
      },
    })),
    step: 1,
  },
  'missing-message-authenticator': {
    subject: { client: 'other' },
    at: by((isSo) => unsigned(isSo, { peer: 'client', name: 'other' })),
    step: 1,
  },
  'server-missing-message-authenticator': {
    subject: { server: 's1' },
    at: by((isSo) => unsigned(isSo, { peer: 'server', name: 's1' })),
    step: 1,
  },
  'mixed-signing': {
    subject: { client: 'other' },
    at: by((isSo) => mixed(isSo, { peer: 'client', name: 'other' })),
    step: 1,
  },
  'server-mixed-signing': {
    subject: { server: 's1' },
    at: by((isSo) => mixed(isSo, { peer: 'server', name: 's1' })),
    step: 1,
  },
  'kernel-drops': {
    subject: {},
    at: by((count) => (view) => ({
      ...view,
      listeners: view.listeners.map((one) => ({ ...one, kernelDrops: (one.kernelDrops ?? 0) + count })),
    })),
    step: 1,
  },
  'event-loop-delay': {
    subject: { instance: '0' },
    at: (late) => intervalOf(undefined, late),
    step: 1e-6,
  },
  memory: {
    subject: {},
    at: by((residentBytes) => (view) => ({ ...view, process: { ...view.process, residentBytes } })),
    step: 1,
  },
  'offered-rate': {
    subject: {},
    at: by((rate) => (view) => {
      const half = inLedger('authentication', { received: 30 * rate })(view)
      return inLedger('accounting', { received: 30 * rate })(half)
    }),
    step: 1 / 30,
  },
  'listener-missing': {
    subject: { class: 'authentication' },
    at: by((isMissing) => (view) => ({
      ...view,
      listeners: view.listeners.map((one) => ({ ...one, presence: isMissing >= 1 ? 'absent' : 'listening' })),
    })),
    step: 1,
  },
  'instance-down': {
    subject: { instance: '0' },
    at: by((isDown) => (view) => ({
      ...view,
      instances: view.instances.map((one) => ({ ...one, crashes: isDown >= 1 ? 1 : 0 })),
    })),
    step: 1,
  },
  'ledger-imbalance': {
    subject: { class: 'accounting' },
    at: by((count) => inLedger('accounting', { received: count })),
    step: 1,
  },
  'reload-refused': {
    subject: {},
    at: by((isSo) => (view) => ({ ...view, config: { ...view.config, refused: isSo >= 1 ? 'line 3' : undefined } })),
    step: 1,
  },
}

describe('a server that answers hardly any request', () => {
  const failing = (changes: Partial<LaneSnapshot>) => {
    const interval = intervalOf(inLane(LANE, () => ({ state: 'failing', ...changes })))
    const { value, detail, advice } = ALARMS['server-failing'].read(interval).find((one) => one.value === 1)!
    return { what: alarmText('server-failing', value, detail), advice }
  }

  it('lives, unless its port is closed', () => {
    expect(failing({}).what).toBe('the server answers hardly any request in time, though it lives')
    const { what, advice } = failing({ refusedAt: START })
    expect(what).toBe('the server answers hardly any request in time, its port is closed')
    expect(advice).toMatch(/^nothing listens at /)
  })
})

describe('messages that are shed', () => {
  const none = shedFor('queue-messages', 0).shed
  const shed = (name: TrafficClass, some: Partial<LedgerSnapshot['shed']>) =>
    ALARMS.shed
      .read(intervalOf(inLedger(name, { shed: { ...none, ...some } })))
      .find(({ subject }) => subject.class === name)

  it('count where a queue was full, and not where logins are beyond the max_share of their client', () => {
    const logins = (some: Partial<LedgerSnapshot['shed']>) => shed('authentication', some)
    expect(logins({ 'client-share': 5 })).toMatchObject({ value: 0, advice: undefined })
    expect(logins({ 'client-share': 4, 'queue-bytes': 1 })?.value).toBe(1)
    expect(logins({ 'queue-messages': 5 })?.value).toBe(5)
  })

  it('count where a record is beyond it: that is lost', () => {
    const advice = expect.stringMatching(/^a client holds all that its max_share allows/)
    expect(shed('accounting', { 'client-share': 5 })).toMatchObject({ value: 5, advice })
    expect(shed('accounting', { 'client-share': 1, 'queue-bytes': 4 })).toMatchObject({ value: 5, advice: undefined })
  })
})

describe('messages that expire', () => {
  /** In a minute, of two clients: so much was sent and expired, under that own rate. */
  const storm = (...of: readonly (readonly [maxRate: number, sent: number, expired: number])[]): Change => {
    const all = of.reduce((sum, [, , expired]) => sum + expired, 0)
    const served = inEngine((engine) => ({
      ...engine,
      clients: engine.clients.map((one, at) => {
        const [maxRate = 0, sent = 0, expired = 0] = of[at] ?? []
        const counts = { ...one.served, authentication: { sent, shed: 0, expired } }
        return { ...one, maxRate: perSecond(maxRate), served: counts }
      }),
    }))
    return (view) => inLedger('authentication', { expired: all })(served(view))
  }
  const told = (change: Change): { readonly what: string; readonly advice: string } => {
    const { value, detail, advice } = ALARMS.expired
      .read(intervalOf(change))
      .find(({ subject }) => subject.class === 'authentication')!
    return { what: alarmText('expired', value, detail), advice: adviceOf({ id: 'expired', advice }) }
  }
  const auto: Change = (view) => {
    const { authentication } = view.limits
    return { ...view, limits: { ...view.limits, authentication: { ...authentication, ageIfOnce: authentication.age } } }
  }

  it('are logins of which most come back with the next copies where max_age is auto', () => {
    expect(told(storm([0, 100, 40])).what).toBe(
      'messages expire unanswered: 40 a minute (they waited longer than max_age)',
    )
    expect(told((view) => auto(storm([0, 100, 40])(view))).what).toContain(
      "(most come back with their clients' next copies: one login may be counted several times)",
    )
  })

  it('are no matter of the servers where only the own max_rate of their client holds them back', () => {
    expect(told(storm([2, 118, 40])).advice).toMatch(/clients\[\]\.max_rate of bng\), and not for the servers/)
    expect(told(storm([2, 118, 40], [1, 60, 3])).advice).toContain('of bng, other)')
    for (const others of [storm([2, 60, 40]), storm([2, 118, 40], [0, 60, 1]), storm([0, 100, 40])]) {
      expect(told(others).advice).toMatch(/^more comes than is served in time/)
    }
    // 7 more are of a client that a reload has removed.
    const removed = inLedger('authentication', { expired: 47 })
    expect(told((view) => removed(storm([2, 118, 40])(view))).advice).toMatch(/^more comes than is served in time/)
    const refused = inLane({ server: 's1', class: 'authentication' }, () => ({ refusedAt: START }))
    expect(told((view) => refused(storm([2, 118, 40])(view))).advice).toContain('nothing listens at')
  })
})

describe('what an alarm says', () => {
  it('has no duration of its own: the line says for how long it is raised', () => {
    const down = intervalOf(inLane(LANE, () => ({ state: 'down', consecutiveFailures: 5 })))
    const [reading] = ALARMS['server-down'].read(down).filter(({ value }) => value === 1)
    expect(alarmText('server-down', 1, reading?.detail)).toBe('the server is Down, 5 requests in a row unanswered')
  })

  it('is read again for each view where it is of the moment, and of no rate', () => {
    const ofMoment = ALARM_IDS.filter((id) => (ALARMS[id] as AlarmDefinition).isNow === true)
    expect(ofMoment).toEqual(expect.arrayContaining(['never-answered', 'server-failing', 'queue-fill', 'memory']))
    for (const id of ofMoment) expect([id, ALARMS[id].unit]).not.toContain('a minute')
  })
})

describe('a text that is too long', () => {
  it('ends behind a whole word and says that more was there', () => {
    const text = 'line 3: the first problem; line 4: another'
    expect(shortened(text, text.length)).toBe(text)
    for (let most = 12; most < text.length; most += 1) {
      const cut = shortened(text, most)
      expect(cut.length).toBeLessThanOrEqual(most)
      expect(cut).toMatch(/ …$/)
      expect(`${text} `).toContain(`${cut.slice(0, -2)} `)
    }
  })

  it('is cut where problems of a refused reload are more than fit', () => {
    const refused = 'a problem with many words; '.repeat(99)
    const [reading] = ALARMS['reload-refused'].read(
      intervalOf((view) => ({ ...view, config: { ...view.config, refused } })),
    )
    expect(reading?.detail).toMatch(/^a problem with .* …$/)
  })
})

/** Those that `radsluice status` exits with 1 for; the others warn of what has cost nobody anything yet. */
const FAILS_STATUS: readonly AlarmId[] = [
  'server-down',
  'never-answered',
  'server-failing',
  'unanswered-by-live-server',
  'all-servers-down',
  'server-secret',
  'server-drops',
  'missing-message-authenticator',
  'server-missing-message-authenticator',
  'shed',
  'expired',
  'given-up',
  'client-secret',
  'client-drops',
  'kernel-drops',
  'send-failures',
  'internal-errors',
  'sessions-log-lost',
  'listener-missing',
  'instance-down',
  'ledger-imbalance',
  'reload-refused',
]

/** A judge of one alarm, and what of it is raised after an interval or some of them. */
function judgeOf(id: AlarmId) {
  const threshold = defaults().alarms[id]
  if (threshold === undefined) throw new Error(`${id} is off in the tests`)
  const alarms = new Alarms()
  const { read } = ALARMS[id]
  const severity = severityOf(ALARMS[id])
  const raisedAfter = (interval: Interval, polls = threshold.ofLast): Subject[] => {
    for (let poll = 0; poll < polls; poll += 1)
      alarms.judge([{ id, severity, threshold, readings: read(interval) }], poll)
    return alarms.current().map(({ subject }) => subject)
  }
  return { threshold, raisedAfter }
}

describe.each(ALARM_IDS)('the alarm %s', (id) => {
  const { subject, at, step } = CASES[id]

  it('measures what its test says', () => {
    const { threshold } = judgeOf(id)
    for (const value of [threshold.high, threshold.low, threshold.high - step]) {
      const reading = ALARMS[id].read(at(value)).find((one) => JSON.stringify(one.subject) === JSON.stringify(subject))
      expect(reading?.value).toBeCloseTo(value, 6)
    }
  })

  it('is not raised where all is well, and reads every subject then', () => {
    const { raisedAfter } = judgeOf(id)
    expect(raisedAfter(intervalOf())).toEqual([])
    expect(ALARMS[id].read(intervalOf()).length).toBeGreaterThan(0)
  })

  it('is raised at exactly its high threshold, for its subject alone', () => {
    const { threshold, raisedAfter } = judgeOf(id)
    expect(raisedAfter(at(threshold.high - step))).toEqual([])
    expect(raisedAfter(at(threshold.high))).toEqual([subject])
  })

  it('stays at exactly its low threshold and is cleared under it', () => {
    const { threshold, raisedAfter } = judgeOf(id)
    raisedAfter(at(threshold.high))
    if (threshold.low < threshold.high) expect(raisedAfter(at(threshold.high - step))).toEqual([subject])
    expect(raisedAfter(at(threshold.low))).toEqual([subject])
    expect(raisedAfter(at(threshold.low - step))).toEqual([])
  })

  it('takes as many polls as it says', () => {
    const { threshold, raisedAfter } = judgeOf(id)
    expect(raisedAfter(at(threshold.high), threshold.samples - 1)).toEqual([])
    expect(raisedAfter(at(threshold.high), 1)).toEqual([subject])
  })

  it('has the labels that it says, and a sentence with a value and an advice', () => {
    const { per, advice } = ALARMS[id]
    for (const reading of ALARMS[id].read(intervalOf()))
      expect(Object.keys(reading.subject).sort()).toEqual([...per].sort())
    expect(alarmText(id, 12, 'for a reason')).not.toMatch(/[{}]/)
    expect(advice.length).toBeGreaterThan(20)
    expect(alertNameOf(id)).toMatch(/^Radsluice[A-Z][A-Za-z]+$/)
  })
})

describe('an alarm', () => {
  it('makes `radsluice status` exit with 1 where users or records suffer, and always if critical', () => {
    const fails = ALARM_IDS.filter((id) => failsStatus(ALARMS[id]))
    expect(fails).toEqual(FAILS_STATUS)
    for (const id of ALARM_IDS) if (severityOf(ALARMS[id]) === 'critical') expect(fails).toContain(id)
  })
})

describe('the readings', () => {
  it('say what limits a server', () => {
    const slow = intervalOf(inLane(LANE, () => ({ holdingTime: micros(18_000_000), maxOutstanding: 256 })))
    const texts = ALARMS.ceiling
      .read(slow)
      .map(({ subject, detail }) => `${subject.server} ${subject.class}: ${detail}`)
    expect(texts).toContain('s2 accounting: 14 a second because of max_outstanding')
    expect(texts).toContain('s1 accounting: 100 a second because of max_rate')
  })

  it('of a server are at its ceiling while messages keep waiting there, though less was sent', () => {
    const before = inLane(LANE, () => ({ queued: 5 }))(intervalOf().now)
    const ceilingOf = (one: Interval) =>
      ALARMS.ceiling.read(one).find(({ subject }) => subject.server === 's2' && subject.class === 'accounting')?.value
    expect(ceilingOf(intervalOf())).toBe(0)
    expect(ceilingOf(new Interval(before, { ...before, uptimeSeconds: before.uptimeSeconds + 60 }, new Map()))).toBe(
      100,
    )
  })

  it('of a server are not at its ceiling while what waits there waits for the slots of its clients', () => {
    const resting = (queued: number) => inLane(LANE, () => ({ queued, resting: queued }))(intervalOf().now)
    const later = { ...resting(90_000), uptimeSeconds: resting(5).uptimeSeconds + 60 }
    const found = ALARMS.ceiling
      .read(new Interval(resting(5), later, new Map()))
      .find(({ subject }) => subject.server === 's2' && subject.class === 'accounting')
    expect(found?.value).toBe(0)
  })

  it('never go below zero where a counter went back', () => {
    const later = intervalOf().now
    const rich = inLedger('accounting', { expired: 500, received: 900 })(later)
    const back = new Interval(rich, { ...later, uptimeSeconds: later.uptimeSeconds + 60 }, new Map())
    expect([back.ended('accounting', 'expired'), back.traffic.received]).toEqual([0, 0])
  })

  it('of a server that an operator holds Down say that it is none', () => {
    const held = intervalOf(inLane(LANE, () => ({ state: 'down', isHeldDown: true })))
    expect(ALARMS['server-down'].read(held).map(({ value }) => value)).toEqual([0, 0, 0, 0])
  })

  it('of kernel drops are missing where the system does not tell', () => {
    const silent = intervalOf((view) => ({
      ...view,
      listeners: view.listeners.map((one) => ({ ...one, kernelDrops: undefined })),
      upstreamKernelDrops: undefined,
    }))
    expect(ALARMS['kernel-drops'].read(silent)).toEqual([])
  })
})

describe('the alarms of windows', () => {
  const lanesOf = (change: Change) => calmView(change).engine.lanes

  function calmView(change: Change) {
    return intervalOf(change).now
  }

  /** Two instances: the second one is changed. */
  const inSecond = (changes: Partial<LaneSnapshot>): Interval =>
    intervalOf((view) => {
      const [first] = view.instances
      const lanes = lanesOf(inLane(LANE, () => changes))
      return { ...view, instances: [first!, { ...first!, number: 1, engine: { ...first!.engine, lanes } }] }
    })
  const readingOf = (id: 'window-too-wide' | 'window-collapsed', interval: Interval) =>
    ALARMS[id].read(interval).find(({ subject }) => subject.server === LANE.server && subject.class === LANE.class)

  it('say the number that would fit', () => {
    const reading = readingOf('window-too-wide', intervalOf(inLane(LANE, () => ({ slowestPace: 50 }))))
    expect(reading).toMatchObject({
      value: 1,
      detail: '256 unanswered at 50 a second, and timeout is 3s: 75 would fit',
    })
  })

  it('are of the instance that is worst: each has a window and a pace of its own', () => {
    expect(readingOf('window-too-wide', inSecond({ slowestPace: 50 }))?.value).toBe(1)
    expect(readingOf('window-too-wide', inSecond({ slowestPace: 200 }))?.value).toBe(0)
    const narrow = readingOf('window-collapsed', inSecond({ window: 20 }))
    expect(narrow).toMatchObject({ value: 1, detail: '20 of 256' })
  })

  it('are raised at a tenth or at the floor, where max_outstanding is twice the floor at least', () => {
    const isRaised = (window: number, maxOutstanding: number): boolean =>
      readingOf('window-collapsed', intervalOf(inLane(LANE, () => ({ window, maxOutstanding }))))?.value === 1
    expect([isRaised(25, 256), isRaised(26, 256), isRaised(25, 250)]).toEqual([true, false, true])
    for (const most of [80, 32, 16]) expect([most, isRaised(8, most), isRaised(9, most)]).toEqual([most, true, false])
    for (const most of [15, 8, 4]) expect([most, isRaised(Math.min(8, most), most)]).toEqual([most, false])
  })

  it('are raised by what a window really falls to, whatever max_outstanding is', () => {
    for (const most of [16, 32, 80, 81, 256, 4_000]) {
      const window = new AdaptiveWindow(most, seconds(1))
      for (let second = 0; second < 40; second += 1) window.timedOut(after(START, seconds(second)))
      const fallen = intervalOf(inLane(LANE, () => ({ window: window.size, maxOutstanding: most })))
      expect([most, readingOf('window-collapsed', fallen)?.value]).toEqual([most, 1])
    }
  })

  it('are silent as long as no pace is known, and without a window', () => {
    expect(readingOf('window-too-wide', intervalOf())?.value).toBe(0)
    expect(readingOf('window-collapsed', intervalOf())?.value).toBe(0)
  })
})
