/**
 * The words for an alarm: for the log, the webhook and the rules of Prometheus; and the raised ones as `/alarms`, `/status`
 * and the command line list them.
 */
import { lengthOfTime } from '../../units.ts'
import { type Alarm, type AlarmId, subjectText } from '../view/alarm.ts'
import type { WatchView } from '../view/view.ts'
import { type AlarmDefinition, failsStatus, valueText } from './alarm-definition.ts'
import { ALARMS } from './alarm-definitions.ts'

/** What is wrong, in one sentence without its advice. */
export function alarmText(id: AlarmId, value: number, detail: string | undefined): string {
  const { says, unit }: AlarmDefinition = ALARMS[id]
  return says.replace('{value}', valueText(unit, value)).replace('{detail}', detail ?? '')
}

/** The same of a raised alarm, and since when its reading is not high any more. */
export function raisedText(alarm: Pick<Alarm, 'id' | 'value' | 'detail' | 'quietSeconds'>): string {
  const { id, value, detail, quietSeconds } = alarm
  const { unit }: AlarmDefinition = ALARMS[id]
  const what = alarmText(id, value, detail)
  if (quietSeconds === undefined) return what
  const ago = lengthOfTime(quietSeconds)
  return unit === 'a minute' ? `${what}, the last one ${ago} ago` : `${what} (no more for ${ago})`
}

/** `RadsluiceQueueFill`: the name in an Alertmanager, by the webhook or by a rule of Prometheus. */
export const alertNameOf = (id: AlarmId): string =>
  `Radsluice${id.replace(/(?:^|-)(\w)/g, (_all, letter: string) => letter.toUpperCase())}`

export const adviceOf = ({ id, advice }: Pick<Alarm, 'id' | 'advice'>): string => advice ?? ALARMS[id].advice

export const alarmFields = ({ id, severity, subject, value }: Alarm) => ({
  alarm: id,
  severity,
  subject: subjectText(subject) || 'the daemon',
  value,
})

export function alertOf(alarm: Alarm, host: string): { readonly labels: object; readonly annotations: object } {
  const { id, severity, subject } = alarm
  const [about, what] = [subjectText(subject), raisedText(alarm)]
  return {
    labels: { alertname: alertNameOf(id), alarm: id, severity, host, ...subject },
    annotations: { summary: about === '' ? what : `${about}: ${what}`, description: adviceOf(alarm) },
  }
}

export type AlarmReport = ReturnType<typeof alarmReports>[number]

/** The oldest first, at the end those that the next poll will raise. */
export const alarmReports = ({ alarms, foreseen }: Pick<WatchView, 'alarms' | 'foreseen'>) =>
  [...alarms, ...foreseen].map(
    (alarm) =>
      ({
        id: alarm.id,
        severity: alarm.severity,
        /** Whether `radsluice status` exits with 1 because of it. */
        fails_status: failsStatus(ALARMS[alarm.id]),
        subject: alarm.subject,
        /** Empty where it is the daemon as a whole. */
        about: subjectText(alarm.subject),
        since_unix: alarm.sinceUnixSeconds,
        /** In the alarm's own unit: per cent, a minute, seconds, bytes; 1 where it is so or not so. */
        value: alarm.value,
        what: raisedText(alarm),
        advice: adviceOf(alarm),
      }) as const,
  )
