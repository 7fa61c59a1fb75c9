/**
 * deploy/prometheus/alerts.test.yaml: a case for each rule, for `promtool test rules`. Samples come each 15 s, thresholds are
 * the defaults; each case says in which samples its alert fires and what it says the first time.
 */
import { stringify } from 'yaml'
import { severityOf } from '../src/observe/alarms/alarm-definition.ts'
import { ALARMS } from '../src/observe/alarms/alarm-definitions.ts'
import { alertNameOf } from '../src/observe/alarms/alarm-text.ts'
import { ALARM_IDS, type AlarmId } from '../src/observe/view/alarm.ts'

const STEP_SECONDS = 15
/** What Prometheus adds to all that it scrapes from one target. */
const TARGET = { job: 'radsluice', instance: 'proxy-1:9812' }
/** Longer than any case. */
const STEPS = 20

interface Case {
  /** `metric{label="..."}` and its samples, as promtool writes them. */
  readonly series: Readonly<Record<string, string>>
  readonly thresholds: readonly [high: number, low: number]
  /** The labels of the subject. */
  readonly subject?: Readonly<Record<string, string>>
  /** The samples, counted from 0, in which it fires; it does not in the one before the first and after the last. */
  readonly fires: readonly [first: number, last: number]
  /** The summary at the first. */
  readonly says: string
}

const LANE = 'server="fr-1", class="accounting", exported_instance="0"'
const CLASS = 'class="accounting", exported_instance="0"'
const [OF_LANE, OF_CLASS] = [{ server: 'fr-1', class: 'accounting' }, { class: 'accounting' }]
const SECOND = 'server="fr-1", class="accounting", exported_instance="1"'

const CASES: Readonly<Record<AlarmId, Case>> = {
  'queue-fill': {
    series: {
      [`radsluice_requests_queued{${CLASS}}`]: '159999 160000 120000 119999',
      [`radsluice_queue_bytes{${CLASS}}`]: '0x20',
      'radsluice_queue_limit_requests{class="accounting"}': '200000x20',
      'radsluice_queue_limit_bytes{class="accounting"}': '268435456x20',
    },
    thresholds: [80, 60],
    subject: OF_CLASS,
    fires: [1, 2],
    says: 'class accounting: the queue is filled to 80 %',
  },
  'queue-age': {
    series: {
      [`radsluice_queue_age_ratio{${CLASS}}`]: '0.78 0.8 0.8 0.5 0.48',
    },
    thresholds: [80, 50],
    subject: OF_CLASS,
    fires: [2, 3],
    says: 'class accounting: a message has waited for 80 % of its time (max_age)',
  },
  'server-down': {
    series: {
      [`radsluice_server_state{${LANE}, state="down"}`]: '0 1 1 0',
      [`radsluice_server_state{${SECOND}, state="down"}`]: '0 0 1 0',
      [`radsluice_server_held_down{${LANE}}`]: '0x20',
      [`radsluice_server_held_down{${SECOND}}`]: '0x20',
      'radsluice_server_state{server="held", class="accounting", exported_instance="0", state="down"}': '1x20',
      'radsluice_server_held_down{server="held", class="accounting", exported_instance="0"}': '1x20',
    },
    thresholds: [1, 1],
    subject: OF_LANE,
    fires: [2, 2],
    says: 'server fr-1, class accounting: the server is Down',
  },
  'never-answered': {
    series: {
      [`radsluice_server_unheard_transmissions{${LANE}}`]: '0 1 2 2',
      [`radsluice_server_unheard_transmissions{${SECOND}}`]: '0 1 1 0',
      [`radsluice_server_heard{${LANE}}`]: '0 0 0 0',
      [`radsluice_server_heard{${SECOND}}`]: '0 0 0 1',
    },
    thresholds: [3, 1],
    subject: OF_LANE,
    fires: [2, 2],
    says: 'server fr-1, class accounting: never a valid response to 3 transmissions',
  },
  'server-failing': {
    series: {
      [`radsluice_server_state{${LANE}, state="failing"}`]: '0 1 1 0',
      [`radsluice_server_state{${LANE}, state="down"}`]: '0x20',
      [`radsluice_server_state{${SECOND}, state="failing"}`]: '0 0 0 0',
      [`radsluice_server_state{${SECOND}, state="down"}`]: '0 0 1 0',
    },
    thresholds: [1, 1],
    subject: OF_LANE,
    fires: [2, 2],
    says: 'server fr-1, class accounting: the server answers hardly any request in time',
  },
  'unanswered-by-live-server': {
    series: { [`radsluice_unanswered_by_live_server_total{${LANE}}`]: '0+2.5x6 15x20' },
    thresholds: [10, 3],
    subject: OF_LANE,
    fires: [5, 8],
    says: 'server fr-1, class accounting: the server leaves requests unanswered while it answers others: 10.0 a minute',
  },
  'all-servers-down': {
    series: {
      [`radsluice_server_state{${LANE}, state="down"}`]: '0 1 1 0',
      'radsluice_server_state{server="fr-2", class="accounting", exported_instance="0", state="down"}': '0 0 1 1',
    },
    thresholds: [1, 1],
    subject: OF_CLASS,
    fires: [2, 2],
    says: 'class accounting: all servers are Down, messages wait within their bounds',
  },
  ceiling: {
    series: { 'radsluice_server_load_ratio{server="fr-1", class="accounting"}': '0.99 1 1 0.95 0.89' },
    thresholds: [100, 90],
    subject: OF_LANE,
    fires: [2, 3],
    says: 'server fr-1, class accounting: what is offered is 100 % of what the server can be sent',
  },
  'window-too-wide': {
    series: {
      [`radsluice_server_max_outstanding_requests{${LANE}}`]: '256x20',
      [`radsluice_server_fitting_outstanding_requests{${LANE}}`]: '256 255 255 256',
    },
    thresholds: [1, 1],
    subject: OF_LANE,
    fires: [1, 2],
    says: 'server fr-1, class accounting: max_outstanding is too wide for the slowest pace of the server',
  },
  'window-collapsed': {
    series: {
      [`radsluice_server_max_outstanding_requests{${LANE}}`]: '256 256 256 32 32 32 8x15',
      [`radsluice_server_window{${LANE}}`]: '26 25 25 8 8 9 8x15',
    },
    thresholds: [1, 1],
    subject: OF_LANE,
    fires: [3, 4],
    says: 'server fr-1, class accounting: the window of the server has fallen to a tenth of max_outstanding or to its floor',
  },
  shed: {
    series: {
      [`radsluice_requests_shed_total{${CLASS}, reason="client-share"}`]: '0x3 1x20',
      'radsluice_requests_shed_total{class="authentication", exported_instance="0", reason="client-share"}': '0+100x20',
    },
    thresholds: [1, 1],
    subject: OF_CLASS,
    fires: [4, 7],
    says: 'class accounting: messages are shed: 1.0 a minute',
  },
  expired: {
    series: { [`radsluice_requests_expired_total{${CLASS}}`]: '0+15x5 75x20' },
    thresholds: [60, 10],
    subject: OF_CLASS,
    fires: [4, 8],
    says: 'class accounting: messages expire unanswered: 60.0 a minute',
  },
  'given-up': {
    series: {
      [`radsluice_requests_given_up_total{${CLASS}}`]: '0 6x20',
      [`radsluice_requests_superseded_total{${CLASS}}`]: '0 4x20',
    },
    thresholds: [10, 3],
    subject: OF_CLASS,
    fires: [1, 4],
    says: 'class accounting: requests end without an answer: 10.0 a minute',
  },
  retries: {
    series: {
      [`radsluice_server_requests_total{${LANE}}`]: '0+75x20',
      [`radsluice_server_retransmissions_total{${LANE}}`]: '0+25x4 100x20',
    },
    thresholds: [20, 10],
    subject: OF_LANE,
    fires: [2, 6],
    says: 'server fr-1, class accounting: 25 % of the transmissions are retries',
  },
  'client-secret': {
    series: { 'radsluice_client_bad_authenticators_total{client="bng-1", exported_instance="0"}': '0 10x20' },
    thresholds: [10, 1],
    subject: { client: 'bng-1' },
    fires: [1, 4],
    says: 'client bng-1: datagrams do not verify: 10.0 a minute',
  },
  'server-secret': {
    series: {
      [`radsluice_server_responses_dropped_total{${LANE}, reason="bad-authenticator"}`]: '0 6x20',
      [`radsluice_server_responses_dropped_total{${LANE}, reason="bad-message-authenticator"}`]: '0 4x20',
      [`radsluice_server_responses_dropped_total{${LANE}, reason="late"}`]: '0+99x20',
    },
    thresholds: [10, 1],
    subject: OF_LANE,
    fires: [1, 4],
    says: 'server fr-1, class accounting: responses do not verify: 10.0 a minute',
  },
  'client-drops': {
    series: {
      'radsluice_client_requests_dropped_total{client="bng-1", exported_instance="0"}': '0 25x20',
      'radsluice_client_bad_authenticators_total{client="bng-1", exported_instance="0"}': '0 15x20',
      radsluice_draining: '0x20',
    },
    thresholds: [10, 1],
    subject: { client: 'bng-1' },
    fires: [1, 4],
    says: 'client bng-1: datagrams of the client are dropped: 10.0 a minute',
  },
  'server-drops': {
    series: {
      [`radsluice_server_responses_dropped_total{${LANE}, reason="missing-message-authenticator"}`]: '0 10x20',
      [`radsluice_server_responses_dropped_total{${LANE}, reason="bad-authenticator"}`]: '0+99x20',
      [`radsluice_server_responses_dropped_total{${LANE}, reason="late"}`]: '0+99x20',
    },
    thresholds: [10, 1],
    subject: OF_LANE,
    fires: [1, 4],
    says: 'server fr-1, class accounting: responses of the server are dropped: 10.0 a minute',
  },
  'send-failures': {
    series: { 'radsluice_send_failures_total{exported_instance="0"}': '0 10x20' },
    thresholds: [10, 1],
    fires: [1, 4],
    says: 'datagrams can not be sent: 10.0 a minute',
  },
  'internal-errors': {
    series: { 'radsluice_internal_errors_total{exported_instance="0"}': '0 1x20' },
    thresholds: [1, 1],
    fires: [1, 4],
    says: 'packets meet a bug and are dropped: 1.0 a minute',
  },
  'sessions-log-lost': {
    series: { radsluice_accounting_sessions_log_lines_lost_total: '0 4000x20' },
    thresholds: [1, 1],
    fires: [1, 4],
    says: 'lines of the sessions log are lost: 4000.0 a minute',
  },
  'log-lines-lost': {
    series: { radsluice_log_lines_lost_total: '0 3x20', radsluice_tps_lines_lost_total: '0 1x20' },
    thresholds: [1, 1],
    fires: [1, 4],
    says: 'lines of the log or the TPS file are lost: 4.0 a minute',
  },
  'webhook-failing': {
    series: { radsluice_webhook_failing: '0 1 0' },
    thresholds: [1, 1],
    fires: [1, 1],
    says: 'alarms can not be sent to the webhook',
  },
  'missing-message-authenticator': {
    series: { 'radsluice_client_unsigned_dropped{client="bng-1", exported_instance="0"}': '_ 1 1 stale' },
    thresholds: [1, 1],
    subject: { client: 'bng-1' },
    fires: [1, 2],
    says: 'client bng-1: unsigned Access-Requests are dropped',
  },
  'server-missing-message-authenticator': {
    series: { 'radsluice_server_unsigned_dropped{server="fr-1", exported_instance="0"}': '_ 1 1 stale' },
    thresholds: [1, 1],
    subject: { server: 'fr-1' },
    fires: [1, 2],
    says: 'server fr-1: unsigned answers to Access-Requests are dropped',
  },
  'mixed-signing': {
    series: { 'radsluice_client_mixed_signing{client="bng-1", exported_instance="0"}': '_ 1 1 stale' },
    thresholds: [1, 1],
    subject: { client: 'bng-1' },
    fires: [1, 2],
    says: 'client bng-1: signed and unsigned Access-Requests come from one address, so auto can not tell whether to ask for Message-Authenticator',
  },
  'server-mixed-signing': {
    series: { 'radsluice_server_mixed_signing{server="fr-1", exported_instance="0"}': '_ 1 1 stale' },
    thresholds: [1, 1],
    subject: { server: 'fr-1' },
    fires: [1, 2],
    says: 'server fr-1: signed and unsigned answers to Access-Requests come from one server, so auto can not tell whether to ask for Message-Authenticator',
  },
  'kernel-drops': {
    series: {
      'radsluice_listener_kernel_drops_total{class="accounting", address="192.0.2.1:1813"}': '0 1x20',
      radsluice_upstream_kernel_drops_total: '0x20',
    },
    thresholds: [1, 1],
    fires: [1, 4],
    says: 'the kernel drops datagrams before we see them: 1.0 a minute',
  },
  'event-loop-delay': {
    series: { 'radsluice_event_loop_delay_p99_seconds{exported_instance="0"}': '0.049 0.05 0.05 0.02 0.019' },
    thresholds: [0.05, 0.02],
    subject: { exported_instance: '0' },
    fires: [2, 3],
    says: 'instance 0: the instance comes to its work 50ms late',
  },
  memory: {
    series: { radsluice_resident_memory_bytes: '4294967295 4294967296 3221225472 3221225471' },
    thresholds: [4_294_967_296, 3_221_225_472],
    fires: [1, 2],
    says: 'the process holds 4GiB of memory',
  },
  'offered-rate': {
    series: {
      'radsluice_requests_received_total{class="authentication", exported_instance="0"}': '0+15000x4 60000x20',
      [`radsluice_requests_received_total{${CLASS}}`]: '0+7500x4 30000x20',
    },
    thresholds: [1_500, 1_400],
    fires: [4, 4],
    says: 'messages come in at 1500.0 a second: the limit is reached',
  },
  'listener-missing': {
    series: {
      'radsluice_listener_present{class="accounting", address="192.0.2.1:1813", optional="false"}': '1 0 1x20',
      'radsluice_listener_present{class="accounting", address="192.0.2.2:1813", optional="false"}': '1x20',
      'radsluice_listener_present{class="accounting", address="192.0.2.7:1813", optional="true"}': '0x20',
    },
    thresholds: [1, 1],
    subject: OF_CLASS,
    fires: [1, 1],
    says: 'class accounting: this machine lacks an address that it shall listen at',
  },
  'instance-down': {
    series: {
      'radsluice_instance_running{exported_instance="0"}': '1 0 1x20',
      'radsluice_instance_crashes_total{exported_instance="0"}': '0 1x20',
    },
    thresholds: [1, 1],
    subject: { exported_instance: '0' },
    fires: [1, 4],
    says: 'instance 0: the instance crashed or does not run',
  },
  'ledger-imbalance': {
    series: { [`radsluice_ledger_imbalance_requests{${CLASS}}`]: '0 -1 0' },
    thresholds: [1, 1],
    subject: OF_CLASS,
    fires: [1, 1],
    says: 'class accounting: the ledger is off by 1.0 requests',
  },
  'reload-refused': {
    series: { radsluice_config_last_reload_successful: '1 0 1' },
    thresholds: [1, 1],
    fires: [1, 1],
    says: 'the configuration on disk is not the one in force, the last reload was refused',
  },
}

const HEADING = `# A case for each rule: promtool test rules alerts.test.yaml
# Generated by \`npm run docs\` from scripts/alert-cases.ts. Edit that.
`

export function alertCases(): string {
  const tests = [...ALARM_IDS.map((id) => testOf(id, CASES[id])), gone('up', '30s'), gone('radsluice_ready', '60s')]
  return HEADING + stringify({ rule_files: ['alerts.yaml'], evaluation_interval: '15s', tests }, { lineWidth: 0 })
}

function testOf(id: AlarmId, { series, thresholds: [high, low], subject, fires: [first, last], says }: Case): object {
  const { grade, advice } = ALARMS[id]
  const all = {
    ...series,
    [`radsluice_alarm_threshold{id="${id}", edge="high"}`]: `${high}x${STEPS}`,
    [`radsluice_alarm_threshold{id="${id}", edge="low"}`]: `${low}x${STEPS}`,
  }
  const at = (step: number, alerts: readonly object[] | undefined): object => ({
    eval_time: `${step * STEP_SECONDS}s`,
    alertname: alertNameOf(id),
    ...(alerts === undefined ? {} : { exp_alerts: alerts }),
  })
  const labels = { ...TARGET, ...subject, severity: severityOf({ grade }), alarm: id }
  const firing = at(first, [{ exp_labels: labels, exp_annotations: { summary: says, description: advice } }])
  return {
    name: id,
    interval: `${STEP_SECONDS}s`,
    input_series: Object.entries(all).map(([name, values]) => ({ series: scraped(name), values })),
    alert_rule_test: [at(first - 1, []), firing, at(last + 1, [])],
    // The value in the summary has changed by then; that it fires is told by the series that Prometheus keeps of it.
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${alertNameOf(id)}", alertstate="firing"})`,
        eval_time: `${last * STEP_SECONDS}s`,
        exp_samples: [{ labels: '{}', value: 1 }],
      },
    ],
  }
}

/** The rules of Prometheus alone: a metric that is 0 for so long. */
function gone(metric: string, lasts: string): object {
  const alertname = metric === 'up' ? 'RadsluiceNotAnswering' : 'RadsluiceNotReady'
  const firing = `count(ALERTS{alertname="${alertname}", alertstate="firing"})`
  return {
    name: alertname,
    interval: `${STEP_SECONDS}s`,
    input_series: [{ series: scraped(metric), values: '0x10 1x10' }],
    promql_expr_test: [
      { expr: firing, eval_time: '15s', exp_samples: [] },
      { expr: firing, eval_time: lasts, exp_samples: [{ labels: '{}', value: 1 }] },
      { expr: firing, eval_time: '165s', exp_samples: [] },
    ],
  }
}

/** The series with the labels of its target. */
function scraped(name: string): string {
  const target = Object.entries(TARGET).map(([label, value]) => `${label}="${value}"`)
  const [, metric = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(name) ?? []
  return `${metric}{${[...(labels === '' ? [] : [labels]), ...target].join(', ')}}`
}
