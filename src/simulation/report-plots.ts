/**
 * Which plots the report has, and what each of them is to show.
 *
 * One for each question of an operator: are the sessions up, what reaches the servers, how even is it, what waits and how
 * long, what is outstanding, and what the servers' work is worth.
 */
import type { EngineOptions } from '../proxy/ports.ts'
import { TRAFFIC_CLASSES, type TrafficClass } from '../units.ts'
import type { Line, Plot } from './plot.ts'
import type { Rehearsed } from './rehearsed.ts'
import { patienceOf } from './scenario.ts'
import { STEPS_PER_SECOND } from './slot-scope.ts'

export function plotsOf(rehearsed: Rehearsed): Plot[] {
  const all = [sessions, arrivals, slots, queues, ages, work, outstanding, backlogs]
  return all.map((make) => make(rehearsed)).filter(({ lines }) => lines.length > 0)
}

const plus = (a: readonly number[], b: readonly number[]): number[] => a.map((value, index) => value + (b[index] ?? 0))

/** A line for each side: `read` of the run with, and of the run without, where there is one. */
const sides = (
  { withRadsluice, withoutRadsluice }: Rehearsed,
  read: (series: Rehearsed['withRadsluice']['series']) => readonly number[],
  isFilled = false,
): Line[] => [
  ...(withoutRadsluice === undefined
    ? []
    : [{ label: 'without radsluice', style: 'without' as const, values: read(withoutRadsluice.series) }]),
  { label: 'with radsluice', style: 'with', values: read(withRadsluice.series), isFilled },
]

const perClass = (read: (each: TrafficClass) => readonly number[]): Line[] =>
  TRAFFIC_CLASSES.map((each): Line => ({ label: each, style: each, values: read(each) })).filter(({ values }) =>
    values.some((value) => value > 0),
  )

const sessions = (rehearsed: Rehearsed): Plot => ({
  id: 'plot-sessions',
  title: 'Sessions up',
  caption: 'How many subscribers have service.',
  unit: '',
  isWide: true,
  lines: sides(rehearsed, ({ up }) => up, true),
  levels: [{ label: 'all', value: rehearsed.scenario.sessions }],
})

const arrivals = ({ withRadsluice, options }: Rehearsed): Plot => {
  const { series } = withRadsluice
  return {
    id: 'plot-arrivals',
    title: 'What arrives, and what is let through, each second',
    caption: 'radsluice takes every burst in and sends on what the servers can take.',
    unit: '/s',
    lines: [
      {
        label: 'arrives at radsluice',
        style: 'arrivals',
        values: plus(series.arrived.authentication, series.arrived.accounting),
        isFilled: true,
      },
      { label: 'sent to servers', style: 'with', values: plus(series.sent.authentication, series.sent.accounting) },
    ],
    levels: ratesOf(options),
  }
}

/** The sum of all rates, where all are limited and only one server works at a time it is that one's. */
const ratesOf = ({ servers, classes }: EngineOptions): { label: string; value: number }[] => {
  const rates = TRAFFIC_CLASSES.map((each) => {
    const lanes = servers.flatMap(({ lanes }) => lanes[each] ?? [])
    const used = classes[each].algorithm === 'first_server' ? lanes.slice(0, 1) : lanes
    return used.some(({ maxRate }) => maxRate === 0) ? 0 : used.reduce((sum, { maxRate }) => sum + maxRate, 0)
  })
  const value = rates.every((rate) => rate > 0) ? rates.reduce((sum, rate) => sum + rate, 0) : 0
  return value === 0 ? [] : [{ label: `max_rate, both classes: ${value}/s`, value }]
}

const slots = ({ withRadsluice: { scope } }: Rehearsed): Plot => ({
  id: 'plot-slots',
  title: 'The first seconds in which something waits, in steps of 50 ms',
  caption: 'In each time slot its quota leaves, no more and no less.',
  unit: '',
  from: scope?.from ?? 0,
  step: 1 / STEPS_PER_SECOND,
  lines:
    scope === undefined
      ? []
      : [
          { label: 'arrives', style: 'arrivals', values: scope.arrived, isFilled: true },
          { label: 'sent', style: 'with', values: scope.sent },
        ],
})

const queues = ({ withRadsluice: { series } }: Rehearsed): Plot => ({
  id: 'plot-queues',
  title: 'Waiting in radsluice',
  caption: 'What must wait waits here, where it can be forgotten in time.',
  unit: '',
  lines: perClass((each) => series.queued[each]),
})

const ages = ({ withRadsluice: { series }, scenario }: Rehearsed): Plot => {
  const lines = perClass((each) => series.age[each].map((age) => age / 1_000_000))
  const patience = patienceOf(scenario, 'authentication') / 1_000_000
  return {
    id: 'plot-ages',
    title: 'Age of the oldest that waits in radsluice',
    caption: 'Authentication stays below the patience of the clients; accounting may take its time.',
    unit: 's',
    lines,
    levels: lines.some(({ style }) => style === 'authentication')
      ? [{ label: 'clients give up', value: patience }]
      : [],
  }
}

const work = (rehearsed: Rehearsed): Plot => ({
  id: 'plot-work',
  title: 'Answers that came in time, each second',
  caption: 'Messages of clients answered while the client still waited, of both classes.',
  unit: '/s',
  lines: sides(rehearsed, ({ useful }) => plus(useful.authentication, useful.accounting)),
})

const outstanding = ({ withRadsluice: { series } }: Rehearsed): Plot => ({
  id: 'plot-outstanding',
  title: 'Outstanding: sent to servers and not yet answered',
  caption: 'At most max_outstanding for each server and class.',
  unit: '',
  lines: perClass((each) => series.outstanding[each]),
})

const backlogs = (rehearsed: Rehearsed): Plot => ({
  id: 'plot-backlogs',
  title: 'Backlog at the servers',
  caption: 'What lies here longer than its client waits is work for nobody.',
  unit: '',
  lines: sides(rehearsed, ({ serverBacklog }) => serverBacklog),
})
