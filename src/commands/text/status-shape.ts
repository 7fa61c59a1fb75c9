/**
 * Whether an answer is a status that the commands can read: it has their members, each of its kind. What answers at an
 * address may be anything, also a radsluice of another version.
 */
import type { StatusReport } from '../../observe/status-report.ts'

const MEMBERS = {
  string: ['version', 'phase', 'admin'],
  number: ['pid', 'uptimeSeconds'],
  boolean: ['ok', 'ready'],
  list: ['notReady', 'concerns', 'alarms', 'attached', 'listeners', 'instances', 'lanes', 'clients'],
  object: [
    'health',
    'clock',
    'config',
    'overrides',
    'limits',
    'classes',
    'messageAuthenticatorLearned',
    'packetIo',
    'tables',
    'busiest',
    'process',
  ],
} as const satisfies Readonly<Record<string, readonly (keyof StatusReport)[]>>

/** A member that is missing or of another kind. */
export function missingIn(report: object): string | undefined {
  const found = report as Readonly<Record<string, unknown>>
  return Object.entries(MEMBERS)
    .flatMap(([kind, names]) => names.filter((name) => kindOf(found[name]) !== kind))
    .at(0)
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value)
