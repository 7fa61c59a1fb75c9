/**
 * The rows that only read: `/metrics` for Prometheus, `/healthz` and `/readyz` for load balancers, `/status` for people,
 * `/config` for who has a right to it.
 */
import { alarmReports } from '../../observe/alarms/alarm-text.ts'
import { notReady } from '../../observe/judgements.ts'
import { CONTENT_TYPE, exposition } from '../../observe/metrics/exposition.io.ts'
import { METRICS } from '../../observe/metrics/metrics.ts'
import { statusReport } from '../../observe/status-report.ts'
import type { DaemonView } from '../../observe/view/view.ts'
import { readClockPair } from '../../transport/clock.io.ts'
import { clientsIn } from '../fields.ts'
import { jsonAnswer, type Route, refusal, textAnswer } from '../route.ts'

/** `look` gathers a fresh view for each request; `settings` are those in force, without secrets. */
export function readingRoutes(view: () => Promise<DaemonView>, settings: () => object): readonly Route[] {
  return [
    { method: 'GET', path: '/healthz', access: 'probe', answer: () => textAnswer(200, 'alive') },
    {
      method: 'GET',
      path: '/readyz',
      access: 'probe',
      answer: async ({ isTrusted, query }) => {
        const reasons = notReady(await view(), query.has('standby'))
        if (reasons.length === 0) return textAnswer(200, 'ready')
        return textAnswer(503, isTrusted ? reasons.join('\n') : 'not ready')
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      access: 'read',
      answer: async () => ({ status: 200, type: CONTENT_TYPE, body: await exposition(METRICS, await view()) }),
    },
    {
      method: 'GET',
      path: '/alarms',
      access: 'read',
      answer: async () => jsonAnswer(200, { alarms: alarmReports((await view()).watch) }),
    },
    {
      method: 'GET',
      path: '/status',
      access: 'read',
      answer: async ({ query }) => {
        const whose = clientsIn(query)
        if (!whose.ok) return refusal(400, whose.sentence)
        return jsonAnswer(200, statusReport(await view(), readClockPair(), whose.value))
      },
    },
    { method: 'GET', path: '/config', access: 'control', answer: () => jsonAnswer(200, settings()) },
  ]
}
