/**
 * Tracked accounting sessions as a table for people.
 */
import type { FoundSessions } from '../../instances/protocol/found.ts'
import { table } from './table.ts'

const HEADING = [
  'client',
  'session',
  'bundle',
  'user',
  'seconds',
  'octets in',
  'octets out',
  'of it IPv6 in',
  'out',
  'labels',
]

/** The table, and how many sessions there are. */
export function sessionsText({ sessions, more, tracked }: FoundSessions): string[] {
  const rows = sessions.map((one) => [
    one.client,
    one.session,
    one.multiSession ?? '-',
    one.user === '' ? '-' : one.user,
    one.sessionSeconds === null ? '-' : String(one.sessionSeconds),
    figure(one.inputOctets),
    figure(one.outputOctets),
    figure(one.inputIpv6Octets),
    figure(one.outputIpv6Octets),
    one.labels.length === 0 ? '-' : one.labels.join(', '),
  ])
  const count = `${sessions.length} of ${tracked} tracked sessions`
  const last = more ? `${count}; there are more like these, --limit shows them` : count
  return sessions.length === 0 ? [last] : [...table(HEADING, rows), '', last]
}

/** With every digit; `-` if unknown. */
const figure = (digits: string | null): string => (digits === null ? '-' : BigInt(digits).toLocaleString('en-US'))
