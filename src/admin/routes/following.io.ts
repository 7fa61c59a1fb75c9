/**
 * The rows that go on: `/watch` (the status, again and again, for `top`) and `/trace` (single requests as they pass).
 *
 * Both are JSON, one value a line. Whoever reads one is attached, and a stop says so before it ends the daemon.
 */
import type { Boundary } from '../../observe/boundary/boundary.io.ts'
import { statusReport } from '../../observe/status-report.ts'
import type { DaemonView } from '../../observe/view/view.ts'
import { readClockPair } from '../../transport/clock.io.ts'
import type { Attached } from '../attached.ts'
import { type Checked, clientsIn, noSuchClient, stray, textOf, wholeOf } from '../fields.ts'
import { type Asked, LINES, type Reader, type Route, refusal } from '../route.ts'
import type { Traces } from '../traces.io.ts'
import type { TraceWish } from '../traces.ts'

const INTERVAL = { name: 'interval', least: 250, most: 60_000, usual: 1_000 }
const SECONDS = { name: 'seconds', least: 1, most: 3_600, usual: 60 }
const COUNT = { name: 'count', least: 1, most: 100_000, usual: 1_000 }

export function followingRoutes(o: {
  readonly view: () => Promise<DaemonView>
  readonly attached: Attached
  readonly traces: Traces
  readonly boundary: Boundary
  /** The names of the clients in force. */
  readonly clients: () => readonly string[]
}): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/watch',
      access: 'read',
      answer: ({ query, who }) => {
        const unknown = stray(query.keys(), ['interval', 'clients'], 'parameter')
        if (unknown !== undefined) return refusal(400, unknown)
        const interval = wholeOf(query.get('interval') ?? INTERVAL.usual, INTERVAL)
        if (!interval.ok) return refusal(400, interval.sentence)
        const whose = clientsIn(query)
        if (!whose.ok) return refusal(400, whose.sentence)
        const leave = o.attached.tryAdd(attachment('top', who))
        if (leave === undefined) return TOO_MANY
        return {
          type: LINES,
          begin: (reader) => watch(reader, { ...o, interval: interval.value, whose: whose.value, leave }),
        }
      },
    },
    {
      method: 'GET',
      path: '/trace',
      access: 'control',
      answer: (asked) => {
        const wish = wishOf(asked)
        if (!wish.ok) return refusal(400, wish.sentence)
        const nobody = noSuchClient(wish.value.client, o.clients())
        if (nobody !== undefined) return refusal(404, nobody)
        const leave = o.attached.tryAdd(attachment('trace', asked.who))
        if (leave === undefined) return TOO_MANY
        return { type: LINES, begin: (reader) => o.traces.begin(wish.value, reader, readClockPair(), leave) }
      },
    },
  ]
}

const attachment = (kind: 'top' | 'trace', by: string) => ({ kind, by, sinceUnixSeconds: Date.now() / 1_000 })

const TOO_MANY = refusal(503, 'too many follow this daemon already; end another top or trace first')

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

function wishOf({ query }: Asked): Checked<TraceWish> {
  const names = ['client', 'user', 'session'] as const
  const unknown = stray(query.keys(), [...names, 'seconds', 'count'], 'parameter')
  if (unknown !== undefined) return { ok: false, sentence: unknown }
  const given: Partial<Record<(typeof names)[number], string>> = {}
  for (const name of names) {
    const value = query.get(name)
    if (value === null) continue
    const text = textOf(value, name)
    if (!text.ok) return text
    given[name] = text.value
  }
  if (Object.keys(given).length === 0) {
    return { ok: false, sentence: 'say what to follow: client, user or session' }
  }
  const seconds = wholeOf(query.get('seconds') ?? SECONDS.usual, SECONDS)
  if (!seconds.ok) return seconds
  const count = wholeOf(query.get('count') ?? COUNT.usual, COUNT)
  if (!count.ok) return count
  const { client, user, session } = given
  return { ok: true, value: { client, user, session, seconds: seconds.value, count: count.value } }
}
