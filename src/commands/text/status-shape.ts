/**
 * Whether an answer is a status that the commands can show: the members that they read are there, each of its kind. What
 * answers at an address may be anything, also a radsluice of another version.
 */
import type { StatusReport } from '../../observe/status-report.ts'

type Kind = 'string' | 'number' | 'boolean' | 'object' | 'list'

const MEMBERS = {
  version: 'string',
  pid: 'number',
  phase: 'string',
  ok: 'boolean',
  ready: 'boolean',
  notReady: 'list',
  concerns: 'list',
  health: 'object',
  alarms: 'list',
  uptimeSeconds: 'number',
  clock: 'object',
  config: 'object',
  admin: 'string',
  overrides: 'object',
  attached: 'list',
  limits: 'object',
  listeners: 'list',
  instances: 'list',
  classes: 'object',
  lanes: 'list',
  clients: 'list',
  messageAuthenticatorLearned: 'object',
  tables: 'object',
  process: 'object',
} as const satisfies Partial<Record<keyof StatusReport, Kind>>

/** The first member that is missing or of another kind; undefined where all are there. */
export function missingIn(report: object): string | undefined {
  const found = report as Readonly<Record<string, unknown>>
  return Object.entries(MEMBERS).find(([name, kind]) => kindOf(found[name]) !== kind)?.[0]
}

const kindOf = (value: unknown): Kind | undefined => {
  if (Array.isArray(value)) return 'list'
  const kind = typeof value
  return value !== null && (kind === 'string' || kind === 'number' || kind === 'boolean' || kind === 'object')
    ? kind
    : undefined
}
