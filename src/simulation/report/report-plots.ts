/**
 * The plots of the report, one for each question of an operator: are the sessions up, what reaches the servers and how
 * evenly, what waits and how long, what is outstanding, and how much of the servers' work is of use.
 */

import { type PerClass, sumOverClasses, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { Curve, Plot } from '../../pages/plot.ts'
import type { EngineOptions } from '../../proxy/border/options.ts'
import type { Rehearsed } from '../rehearsal/rehearsal.ts'
import { disturbedAt, patienceOf } from '../rehearsal/scenario.ts'
import { STEPS_PER_SECOND } from '../rehearsal/slot-scope.ts'
import { countText, timeText } from './facts.ts'

export function plotsOf(rehearsed: Rehearsed): Plot[] {
  const all = [sessions, arrivals, slots, queues, backlogs, ageOfLogins, ageOfRecords, work, outstanding]
  const bands = bandsOf(rehearsed)
  return all
    .map((make) => make(rehearsed))
    .filter(({ curves }) => curves.length > 0)
    .map((plot) => (plot.step === undefined ? { ...plot, bands } : plot))
}

/** When something was wrong. */
const bandsOf = ({ scenario }: Rehearsed): { from: number; to: number }[] =>
  scenario.events.map((event) => {
    const from = event.at / 1_000_000
    return { from, to: from + (event.kind === 'reboot' ? event.within : event.lasts) / 1_000_000 }
  })

/** All classes together. */
const allClasses = (values: PerClass<readonly number[]>): number[] =>
  values[TRAFFIC_CLASSES[0]].map((_, second) => sumOverClasses((each) => values[each][second] ?? 0))

/** A curve for each run. */
const sides = (
  { withRadsluice, withoutRadsluice }: Rehearsed,
  read: (series: Rehearsed['withRadsluice']['series']) => readonly number[],
  isFilled = false,
): Curve[] => [
  ...[withoutRadsluice ?? []]
    .flat()
    .map(({ series }): Curve => ({ label: 'without radsluice', style: 'without', values: read(series) })),
  { label: 'with radsluice', style: 'with', values: read(withRadsluice.series), isFilled },
]

const perClass = (read: (each: TrafficClass) => readonly number[]): Curve[] =>
  TRAFFIC_CLASSES.map((each): Curve => ({ label: each, style: each, values: read(each) })).filter(({ values }) =>
    values.some((value) => value > 0),
  )

/** If all are up at the start, the sessions without service say more. */
const sessions = (rehearsed: Rehearsed): Plot => {
  const { begin, sessions: all } = rehearsed.scenario
  const common = { id: 'plot-sessions', isWide: true, marks: settledMarks(rehearsed) } as const
  if (begin === 'up') {
    const curves = sides(rehearsed, ({ trying }) => trying, true)
    const caption = 'Subscribers who dialed and are not up yet.'
    const isQuiet = curves.every(({ values }) => values.every((value) => value === 0))
    return { ...common, title: 'Sessions without service', caption, curves: isQuiet ? [] : curves }
  }
  return {
    ...common,
    title: 'Sessions up',
    caption: 'How many subscribers have service.',
    curves: sides(rehearsed, ({ up }) => up, true),
    levels: [{ label: 'all', value: all }],
  }
}

/** When the last session came up, with radsluice. */
const settledMarks = ({ scenario, withRadsluice }: Rehearsed): NonNullable<Plot['marks']> => {
  const { allUpAfter } = withRadsluice.summary
  if (allUpAfter === null || allUpAfter === 0) return []
  const at = disturbedAt(scenario) / 1_000_000 + allUpAfter
  return [{ label: `with radsluice all are up after ${timeText(allUpAfter)}`, at, style: 'with' }]
}

const arrivals = ({ withRadsluice, options }: Rehearsed): Plot => {
  const { series } = withRadsluice
  return {
    id: 'plot-arrivals',
    title: 'What arrives, and what is let through, each second',
    caption: 'radsluice takes every burst in and sends on what the servers can take.',
    unit: '/s',
    curves: [
      { label: 'arrives at radsluice', style: 'arrivals', values: allClasses(series.arrived), isFilled: true },
      { label: 'sent to servers', style: 'with', values: allClasses(series.sent) },
    ],
    levels: ratesOf(options),
  }
}

/** The sum of all rates, if all are limited. Of the algorithm `first_server` only the first server counts. */
const ratesOf = ({ servers, classes }: EngineOptions): { label: string; value: number }[] => {
  const rates = TRAFFIC_CLASSES.map((each) => {
    const lanes = servers.flatMap(({ lanes }) => lanes[each] ?? [])
    const used = classes[each].algorithm === 'first_server' ? lanes.slice(0, 1) : lanes
    return used.some(({ maxRate }) => maxRate === 0) ? 0 : used.reduce((sum, { maxRate }) => sum + maxRate, 0)
  })
  const value = rates.every((rate) => rate > 0) ? rates.reduce((sum, rate) => sum + rate, 0) : 0
  return value === 0 ? [] : [{ label: `max_rate, both classes: ${value}/s`, value }]
}

const slots = ({ withRadsluice: { scope }, options }: Rehearsed): Plot => {
  const arrived = (scope?.arrived ?? []).reduce((sum, count) => sum + count, 0)
  const [rate] = ratesOf(options)
  const perStep = (rate?.value ?? 0) / STEPS_PER_SECOND
  return {
    id: 'plot-slots',
    title: 'Let through in each time slot',
    caption: `The first seconds in which something waits, in steps of 50 ms; ${countText(arrived)} messages arrive meanwhile.`,
    from: scope?.from ?? 0,
    step: 1 / STEPS_PER_SECOND,
    curves:
      scope === undefined ? [] : [{ label: 'sent to servers', style: 'with', values: scope.sent, isFilled: true }],
    levels: rate === undefined ? [] : [{ label: `max_rate: ${perStep} in 50 ms, on average`, value: perStep }],
  }
}

const queues = ({ withRadsluice: { series } }: Rehearsed): Plot => ({
  id: 'plot-queues',
  title: 'Waiting in radsluice',
  caption: 'What must wait waits here, where it can be forgotten in time.',
  curves: perClass((each) => series.queued[each]),
})

const ageOf = ({ withRadsluice: { series } }: Rehearsed, trafficClass: TrafficClass): Curve[] => {
  const values = series.age[trafficClass].map((age) => age / 1_000_000)
  const label = 'the oldest that waits'
  return values.some((age) => age > 0) ? [{ label, style: trafficClass, values }] : []
}

const ageOfLogins = (rehearsed: Rehearsed): Plot => ({
  id: 'plot-age-of-logins',
  title: 'How long an Access-Request waits in radsluice',
  caption: 'It expires before its client gives up, so the servers never work for a client that is gone.',
  unit: 's',
  curves: ageOf(rehearsed, 'authentication'),
  levels: [{ label: 'clients give up', value: patienceOf(rehearsed.scenario, 'authentication') / 1_000_000 }],
})

const ageOfRecords = (rehearsed: Rehearsed): Plot => ({
  id: 'plot-age-of-records',
  title: 'How long an accounting record waits in radsluice',
  caption: 'Accounting may take its time: it is kept until it is delivered.',
  unit: 's',
  curves: ageOf(rehearsed, 'accounting'),
})

const work = (rehearsed: Rehearsed): Plot => ({
  id: 'plot-work',
  title: 'Answers that came in time, each second',
  caption: 'Messages of clients answered while the client still waited, of both classes.',
  unit: '/s',
  curves: sides(rehearsed, ({ useful }) => allClasses(useful)),
})

const outstanding = ({ withRadsluice: { series } }: Rehearsed): Plot => ({
  id: 'plot-outstanding',
  title: 'Outstanding: sent to servers and not yet answered',
  caption: 'At most max_outstanding for each server and class.',
  curves: perClass((each) => series.outstanding[each]),
})

const backlogs = (rehearsed: Rehearsed): Plot => ({
  id: 'plot-backlogs',
  title: 'Backlog at the servers',
  caption: 'What lies here longer than its client waits is work for nobody.',
  curves: sides(rehearsed, ({ serverBacklog }) => serverBacklog),
})
