/**
 * Tracked accounting sessions as a table for people.
 */
import type { FoundSessions } from '../../instances/protocol/found.ts'
import { type Column, tableOf } from './table.ts'

const COLUMNS: readonly Column<FoundSessions['sessions'][number]>[] = [
  ['client', ({ client }) => client],
  ['session', ({ session }) => session],
  ['bundle', ({ multiSession }) => multiSession ?? '-'],
  ['user', ({ user }) => (user === '' ? '-' : user)],
  ['seconds', ({ sessionSeconds }) => (sessionSeconds === null ? '-' : String(sessionSeconds))],
  ['octets in', ({ inputOctets }) => figure(inputOctets)],
  ['octets out', ({ outputOctets }) => figure(outputOctets)],
  ['of it IPv6 in', ({ inputIpv6Octets }) => figure(inputIpv6Octets)],
  ['out', ({ outputIpv6Octets }) => figure(outputIpv6Octets)],
  ['labels', ({ labels }) => (labels.length === 0 ? '-' : labels.join(', '))],
]

/** The table, and how many sessions there are. */
export function sessionsText({ sessions, more, tracked }: FoundSessions): string[] {
  const count = `${sessions.length} of ${tracked} tracked sessions`
  const last = more ? `${count}; there are more like these, --limit shows them` : count
  return sessions.length === 0 ? [last] : [...tableOf(COLUMNS, sessions), '', last]
}

/** With every digit; `-` if unknown. */
const figure = (digits: string | null): string => (digits === null ? '-' : BigInt(digits).toLocaleString('en-US'))
