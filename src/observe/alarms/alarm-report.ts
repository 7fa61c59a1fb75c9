/**
 * The alarms that are raised, as `/alarms`, `/status` and the command line show them.
 */
import { type AlarmId, type Severity, type Subject, subjectText } from '../view/alarm.ts'
import type { WatchView } from '../view/view.ts'
import { ALARMS, raisedText } from './alarm-definitions.ts'

export interface AlarmReport {
  readonly id: AlarmId
  readonly severity: Severity
  /** Whether `radsluice status` exits with 1 because of it. */
  readonly fails_status: boolean
  readonly subject: Subject
  /** `server fr-1, accounting`; empty where it is the daemon as a whole. */
  readonly about: string
  readonly since_unix: number
  /** In the alarm's own unit: per cent, a minute, seconds, bytes; 1 where it is so or not so. */
  readonly value: number
  readonly what: string
  readonly advice: string
}

/** The oldest first, at the end those that the next poll will raise. */
export const alarmReports = ({ alarms, foreseen }: Pick<WatchView, 'alarms' | 'foreseen'>): AlarmReport[] =>
  [...alarms, ...foreseen].map((alarm) => ({
    id: alarm.id,
    severity: alarm.severity,
    fails_status: ALARMS[alarm.id].failsStatus,
    subject: alarm.subject,
    about: subjectText(alarm.subject),
    since_unix: alarm.sinceUnixSeconds,
    value: alarm.value,
    what: raisedText(alarm),
    advice: alarm.advice ?? ALARMS[alarm.id].advice,
  }))
