/**
 * deploy/prometheus/alerts.yaml: the alarms of the daemon as rules for Prometheus, one for each, with the same thresholds.
 *
 * A rule compares with `radsluice_alarm_threshold`, which the daemon exports from its configuration: so the two can't come
 * apart, and an alarm that is switched off has no threshold and never fires. The hysteresis is the daemon's too: what
 * fires goes on (`ALERTS`) until the value is under the lower threshold. Rates are over a minute, since Prometheus sees
 * only what it scrapes.
 */
import { stringify } from 'yaml'
import { RECORD_CLASS } from '../src/classes.ts'
import { type AlarmDefinition, severityOf } from '../src/observe/alarms/alarm-definition.ts'
import { ALARMS } from '../src/observe/alarms/alarm-definitions.ts'
import { alertNameOf } from '../src/observe/alarms/alarm-text.ts'
import type { AlarmId } from '../src/observe/view/alarm.ts'
import { ALARM_IDS } from '../src/observe/view/alarm.ts'
import { WINDOW_FLOOR } from '../src/throttle/adaptive-window.ts'

/** Our label `instance` as Prometheus calls it, since it keeps that name for the target. */
const INSTANCE = 'exported_instance'
const WINDOW = '[1m]'

const all = (expression: string, ...labels: string[]): string =>
  `sum without (${[INSTANCE, ...labels].join(', ')}) (${expression})`
const aMinute = (counter: string, ...labels: string[]): string => `60 * ${all(`rate(${counter}${WINDOW})`, ...labels)}`
const shareOf = (metric: string, limit: string): string => `${metric} / ignoring (${INSTANCE}) group_left () ${limit}`

const SENT = `(${all(`rate(radsluice_server_requests_total${WINDOW})`)} + ${all(`rate(radsluice_server_retransmissions_total${WINDOW})`)})`
const MOST_UNANSWERED = 'radsluice_server_max_outstanding_requests'
const WRONG = '{reason=~"bad-authenticator|bad-message-authenticator"}'
const SHED = 'radsluice_requests_shed_total'

const OTHERWISE_WRONG = '{reason!~"bad-authenticator|bad-message-authenticator|late"}'

/** The value of each alarm in PromQL, with the labels of its subject. */
const VALUES: Readonly<Record<AlarmId, string>> = {
  'queue-fill': `100 * max without (${INSTANCE}, bound) (label_replace(${shareOf('radsluice_requests_queued', 'radsluice_queue_limit_requests')}, "bound", "requests", "", "") or label_replace(${shareOf('radsluice_queue_bytes', 'radsluice_queue_limit_bytes')}, "bound", "bytes", "", ""))`,
  'queue-age': `100 * max without (${INSTANCE}) (radsluice_queue_age_ratio)`,
  'server-down': `min without (${INSTANCE}, state) (radsluice_server_state{state="down"} unless ignoring (state) radsluice_server_held_down == 1)`,
  'server-failing': `max without (${INSTANCE}, state) (radsluice_server_state{state="failing"}) * min without (${INSTANCE}, state) (sum without (state) (radsluice_server_state{state=~"failing|down"}))`,
  'unanswered-by-live-server': aMinute('radsluice_unanswered_by_live_server_total'),
  'all-servers-down': `min without (${INSTANCE}, state, server) (radsluice_server_state{state="down"})`,
  'never-answered': `${all('radsluice_server_unheard_transmissions')} * (1 - max without (${INSTANCE}) (radsluice_server_heard))`,
  ceiling: '100 * radsluice_server_load_ratio',
  'window-too-wide': `max without (${INSTANCE}) (${MOST_UNANSWERED} > bool radsluice_server_fitting_outstanding_requests)`,
  'window-collapsed': `max without (${INSTANCE}) ((radsluice_server_window <= bool clamp_min(0.1 * ${MOST_UNANSWERED}, ${WINDOW_FLOOR})) * (${MOST_UNANSWERED} >= bool ${2 * WINDOW_FLOOR}))`,
  shed: `60 * ${all(`rate(${SHED}{reason!="client-share"}${WINDOW}) or rate(${SHED}{class="${RECORD_CLASS}"}${WINDOW})`, 'reason')}`,
  expired: aMinute('radsluice_requests_expired_total'),
  'given-up': `60 * (${all(`rate(radsluice_requests_given_up_total${WINDOW})`)} + ${all(`rate(radsluice_requests_superseded_total${WINDOW})`)})`,
  retries: `100 * ${all(`rate(radsluice_server_retransmissions_total${WINDOW})`)} / ${SENT}`,
  'client-secret': aMinute('radsluice_client_bad_authenticators_total'),
  'client-drops': `(60 * (${all(`rate(radsluice_client_requests_dropped_total${WINDOW})`)} - ${all(`rate(radsluice_client_bad_authenticators_total${WINDOW})`)}) unless on (job, instance) radsluice_draining == 1)`,
  'server-drops': aMinute(`radsluice_server_responses_dropped_total${OTHERWISE_WRONG}`, 'reason'),
  'send-failures': aMinute('radsluice_send_failures_total'),
  'internal-errors': aMinute('radsluice_internal_errors_total'),
  'sessions-log-lost': `60 * rate(radsluice_accounting_sessions_log_lines_lost_total${WINDOW})`,
  'log-lines-lost': `60 * (rate(radsluice_log_lines_lost_total${WINDOW}) + rate(radsluice_tps_lines_lost_total${WINDOW}))`,
  'webhook-failing': 'radsluice_webhook_failing',
  'server-secret': aMinute(`radsluice_server_responses_dropped_total${WRONG}`, 'reason'),
  'missing-message-authenticator': `max without (${INSTANCE}) (radsluice_client_unsigned_dropped)`,
  'server-missing-message-authenticator': `max without (${INSTANCE}) (radsluice_server_unsigned_dropped)`,
  'mixed-signing': `max without (${INSTANCE}) (radsluice_client_mixed_signing)`,
  'server-mixed-signing': `max without (${INSTANCE}) (radsluice_server_mixed_signing)`,
  'kernel-drops': `60 * (sum without (class, address) (rate(radsluice_listener_kernel_drops_total${WINDOW})) + rate(radsluice_upstream_kernel_drops_total${WINDOW}))`,
  'event-loop-delay': 'radsluice_event_loop_delay_p99_seconds',
  memory: 'radsluice_resident_memory_bytes',
  'offered-rate': all(`rate(radsluice_requests_received_total${WINDOW})`, 'class'),
  'listener-missing': '1 - min without (address, optional) (radsluice_listener_present{optional="false"})',
  'instance-down': `clamp_max(1 - radsluice_instance_running + increase(radsluice_instance_crashes_total${WINDOW}), 1)`,
  'ledger-imbalance': `max without (${INSTANCE}) (abs(radsluice_ledger_imbalance_requests))`,
  'reload-refused': '1 - radsluice_config_last_reload_successful',
}

/** How long it has to be so before it fires; what the daemon asks of several polls in a row or so. */
const LASTING: Readonly<Partial<Record<AlarmId, string>>> = {
  'queue-age': '10s',
  ceiling: '15s',
  'window-collapsed': '30s',
  'unanswered-by-live-server': '15s',
  retries: '15s',
  'event-loop-delay': '15s',
}

/** What the daemon can't say of itself, or says to load balancers. */
const OTHERS = [
  {
    alert: 'RadsluiceNotAnswering',
    expr: 'up{job="radsluice"} == 0',
    for: '30s',
    labels: { severity: 'critical' },
    annotations: {
      summary: 'radsluice at {{ $labels.instance }} can not be scraped',
      description:
        'look whether it runs: radsluice status, its log, its supervisor; the job has to be called radsluice',
    },
  },
  {
    alert: 'RadsluiceNotReady',
    // A node that stands by has no listener, and is well: its addresses are with the other one.
    expr: 'radsluice_ready == 0 unless on (job, instance) (max by (job, instance) (radsluice_listener_present) == 0)',
    for: '1m',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'radsluice at {{ $labels.instance }} should get no traffic',
      description: 'its /readyz says why: it drains, no instance runs, or all servers of a class are Down',
    },
  },
]

const HEADING = `# The alarms of radsluice for Prometheus 2.42 or newer (docs/alarms.md).
# Generated by \`npm run docs\` from src/observe/alarms/alarm-definitions.ts and scripts/alert-rules.ts. Edit those.
# They expect Prometheus' default honor_labels: false, under which our label "instance" is "exported_instance".
`

export function alertRules(): string {
  const rules = ALARM_IDS.map((id) => ({ alert: alertNameOf(id), ...ruleOf(id, ALARMS[id]) }))
  return HEADING + stringify({ groups: [{ name: 'radsluice', rules: [...rules, ...OTHERS] }] }, { lineWidth: 0 })
}

function ruleOf(id: AlarmId, { per, grade, says, advice, unit }: AlarmDefinition): object {
  const subject = per.map((label) => (label === 'instance' ? INSTANCE : label))
  const edge = (which: 'high' | 'low'): string =>
    `${VALUES[id]} >= ignoring (${[...subject, 'id', 'edge'].join(', ')}) group_left () radsluice_alarm_threshold{id="${id}", edge="${which}"}`
  const firing = `ALERTS{alertname="${alertNameOf(id)}", alertstate="firing"}`
  const lasting = LASTING[id]
  const about = subject.map((label, at) => `${per[at]} {{ $labels.${label} }}`).join(', ')
  const what = says.replace('{value}', shown(unit)).replace(/ \([^()]*\{detail\}\)|[,:]? \{detail\}/, '')
  return {
    expr: `${edge('high')}\nor\n(${edge('low')})\n  and ignoring (alertname, alertstate, severity, alarm) ${firing}\n`,
    ...(lasting === undefined ? {} : { for: lasting }),
    labels: { severity: severityOf({ grade }), alarm: id },
    annotations: { summary: about === '' ? what : `${about}: ${what}`, description: advice },
  }
}

function shown(unit: AlarmDefinition['unit']): string {
  switch (unit) {
    case 'percent':
      return '{{ $value | printf "%.0f" }} %'
    case 'transmissions':
      return `{{ $value | printf "%.0f" }} ${unit}`
    case 'seconds':
      return '{{ $value | humanizeDuration }}'
    case 'bytes':
      return '{{ $value | humanize1024 }}B'
    case 'a minute':
    case 'a second':
    case 'requests':
    case 'state':
      return `{{ $value | printf "%.1f" }} ${unit}`
  }
}
