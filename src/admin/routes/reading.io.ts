/**
 * The routes that only read: `/metrics` for Prometheus, `/healthz` and `/readyz` for load balancers, `/status` and `/alarms`
 * for people. `/sessions`, `/learned` and `/config` need the right to control, since they show who is online and which settings
 * hold. The answers of `/sessions` and `/learned` are bounded, and say if there is more.
 */
import type { FoundSessions, SoughtSessions } from '../../instances/protocol/found.ts'
import { alarmReports } from '../../observe/alarms/alarm-text.ts'
import { notReady } from '../../observe/judgements.ts'
import { learnedReport } from '../../observe/learned-report.ts'
import { CONTENT_TYPE, exposition } from '../../observe/metrics/exposition.io.ts'
import { METRICS } from '../../observe/metrics/metrics.ts'
import { statusReport } from '../../observe/status-report.ts'
import type { DaemonView } from '../../observe/view/view.ts'
import type { FoundLearned } from '../../proxy/inspection.ts'
import { readClockPair } from '../../transport/clock.io.ts'
import { noSuchClient, optionalText, routeWith, whichClients, whole } from '../fields.ts'
import { jsonAnswer, type Route, refusal, textAnswer } from '../route.ts'

const limit = whole({ least: 1, most: 10_000, usual: 100 })

export interface Readable {
  /** A fresh view for each request. */
  view(): Promise<DaemonView>
  /** Those that hold, without secrets. */
  settings(): object
  /** Undefined if sessions are not tracked. */
  sessions(sought: SoughtSessions): Promise<FoundSessions | undefined>
  /** Undefined if no instance runs. */
  learned(limit: number): Promise<FoundLearned | undefined>
  /** The names of the clients that are configured. */
  clients(): readonly string[]
}

export function readingRoutes(daemon: Readable): readonly Route[] {
  const get = { method: 'GET' } as const
  return [
    { ...get, path: '/healthz', access: 'probe', answer: () => textAnswer(200, 'alive') },
    {
      ...get,
      path: '/readyz',
      access: 'probe',
      answer: async ({ isTrusted, query }) => {
        const reasons = notReady(await daemon.view(), query.has('standby'))
        if (reasons.length === 0) return textAnswer(200, 'ready')
        return textAnswer(503, isTrusted ? reasons.join('\n') : 'not ready')
      },
    },
    {
      ...get,
      path: '/metrics',
      access: 'read',
      answer: async () => ({ status: 200, type: CONTENT_TYPE, body: await exposition(METRICS, await daemon.view()) }),
    },
    {
      ...get,
      path: '/alarms',
      access: 'read',
      answer: async () => jsonAnswer(200, { alarms: alarmReports((await daemon.view()).watch) }),
    },
    {
      ...get,
      path: '/status',
      access: 'read',
      answer: async ({ query }) => {
        const whose = whichClients(query.get('clients') ?? undefined, 'clients')
        if (!whose.ok) return refusal(400, whose.sentence)
        return jsonAnswer(200, statusReport(await daemon.view(), readClockPair(), whose.value))
      },
    },
    { ...get, path: '/config', access: 'control', answer: () => jsonAnswer(200, daemon.settings()) },
    routeWith({
      ...get,
      path: '/sessions',
      access: 'control',
      fields: { client: optionalText, session: optionalText, user: optionalText, limit },
      answer: async (sought) => {
        const found = await daemon.sessions(sought)
        if (found === undefined)
          return refusal(404, 'this daemon tracks no sessions; set accounting.track_sessions: true and restart it')
        // A client that a reload removed may still have sessions.
        const nobody = found.sessions.length === 0 ? noSuchClient(sought.client, daemon.clients()) : undefined
        return nobody === undefined ? jsonAnswer(200, found) : refusal(404, nobody)
      },
    }),
    routeWith({
      ...get,
      path: '/learned',
      access: 'control',
      fields: { limit },
      answer: async (sought) => {
        const found = await daemon.learned(sought.limit)
        if (found !== undefined) return jsonAnswer(200, learnedReport(found, Date.now() / 1_000))
        return refusal(503, 'no instance runs: each has crashed and is being restarted, so ask again')
      },
    }),
  ]
}
