/**
 * The routes that go on: `/watch` (the status, again and again, for `top`) and `/trace` (single requests as they pass).
 *
 * Both are JSON, one value a line. Their readers are attached to the daemon: a stop without force is refused meanwhile.
 */
import type { Boundary } from '../../observe/boundary/boundary.io.ts'
import { statusReport } from '../../observe/status-report.ts'
import type { DaemonView } from '../../observe/view/view.ts'
import { readClockPair } from '../../transport/clock.io.ts'
import type { Attached } from '../attached.ts'
import { noSuchClient, optionalText, routeWith, whichClients, whole } from '../fields.ts'
import { LINES, type Reader, type Route, refusal } from '../route.ts'
import type { Traces } from '../traces.io.ts'

const INTERVAL_MS = { least: 250, most: 60_000, usual: 1_000 }
const SECONDS = { least: 1, most: 3_600, usual: 60 }
const COUNT = { least: 1, most: 100_000, usual: 1_000 }

export function followingRoutes(o: {
  readonly view: () => Promise<DaemonView>
  readonly attached: Attached
  readonly traces: Traces
  readonly boundary: Boundary
  /** The names of the clients that are configured. */
  readonly clients: () => readonly string[]
}): readonly Route[] {
  return [
    routeWith({
      method: 'GET',
      path: '/watch',
      access: 'read',
      fields: { interval: whole(INTERVAL_MS), clients: whichClients },
      answer: ({ interval, clients }, { who }) => {
        const leave = o.attached.tryAdd(attachment('top', who))
        if (leave === undefined) return TOO_MANY
        return { type: LINES, begin: (reader) => watch(reader, { ...o, interval, whose: clients, leave }) }
      },
    }),
    routeWith({
      method: 'GET',
      path: '/trace',
      access: 'control',
      fields: {
        client: optionalText,
        user: optionalText,
        session: optionalText,
        seconds: whole(SECONDS),
        count: whole(COUNT),
      },
      answer: (wish, { who }) => {
        if (wish.client === undefined && wish.user === undefined && wish.session === undefined)
          return refusal(400, 'say what to follow: client, user or session')
        const nobody = noSuchClient(wish.client, o.clients())
        if (nobody !== undefined) return refusal(404, nobody)
        const leave = o.attached.tryAdd(attachment('trace', who))
        if (leave === undefined) return TOO_MANY
        return { type: LINES, begin: (reader) => o.traces.begin(wish, reader, readClockPair(), leave) }
      },
    }),
  ]
}

const attachment = (kind: 'top' | 'trace', by: string) => ({ kind, by, sinceUnixSeconds: Date.now() / 1_000 })

const TOO_MANY = refusal(503, 'too many readers follow this daemon already; end another top or trace first')

function watch(
  reader: Reader,
  o: {
    readonly view: () => Promise<DaemonView>
    readonly boundary: Boundary
    readonly interval: number
    readonly whose: 'all' | 'active' | 'off'
    readonly leave: () => void
  },
): void {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  reader.onEnd(() => {
    isOver = true
    clearTimeout(timer)
    o.leave()
  })
  const tell = async (): Promise<void> => {
    try {
      const report = statusReport(await o.view(), readClockPair(), o.whose)
      // A slow reader misses a report, and gets the next one.
      if (!isOver) reader.write(JSON.stringify(report))
    } finally {
      if (!isOver) timer = o.boundary.after('watch', o.interval, tell)
    }
  }
  o.boundary.start('watch', tell)
}
