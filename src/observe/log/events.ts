/**
 * The log dictionary: every event that the daemon can log, with its level, its fields and its sentence.
 *
 * A log line has the event's name (for programs), the fields, and the sentence with the fields filled in (for people):
 * what happened, where, and what to do where something can be done. docs/glossary.md lists the same names, and a test
 * holds the two together. No field ever carries a secret or a password.
 */

export type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug'

interface EventDefinition {
  readonly level: Level
  readonly fields: readonly string[]
  /** `{field}` is replaced by the field's value. */
  readonly says: string
}

export const EVENTS = {
  started: {
    level: 'info',
    fields: ['version', 'config', 'digest', 'listeners', 'admin', 'servers'],
    says: 'radsluice {version} runs with {config}; it listens at {listeners}, metrics and status at http://{admin}',
  },
  'config-warning': { level: 'warn', fields: ['warning'], says: '{warning}' },
  reloaded: {
    level: 'info',
    fields: ['config', 'digest', 'changes'],
    says: 'the configuration {config} was read again and holds: {changes}',
  },
  'reload-refused': {
    level: 'error',
    fields: ['config', 'problems'],
    says: 'the configuration {config} was not taken, the old one stays; run "radsluice check" on it: {problems}',
  },
  'reload-needs-restart': {
    level: 'warn',
    fields: ['settings'],
    says: 'these settings changed in the file and hold only after a restart: {settings}',
  },
  draining: {
    level: 'info',
    fields: ['signal', 'queued', 'outstanding', 'limit'],
    says: '{signal}: no new messages are taken; {queued} queued and {outstanding} outstanding may finish (limit: {limit})',
  },
  'drain-unfinished': {
    level: 'warn',
    fields: ['queued', 'outstanding', 'left', 'why'],
    says: 'stopping with something left in hand ({why}): {left}',
  },
  'not-stopped': {
    level: 'warn',
    fields: ['queued', 'outstanding', 'why'],
    says: '{why}',
  },
  resumed: { level: 'info', fields: ['by'], says: 'new messages are taken again; asked by {by}' },
  operated: { level: 'warn', fields: ['by', 'what'], says: 'an operator changed something: {what}; asked by {by}' },
  'admin-refused': {
    level: 'warn',
    fields: ['from', 'what', 'count'],
    says: '{count} requests to the admin API from {from} were refused, the last was {what}: they had no right to it',
  },
  'admin-full': {
    level: 'warn',
    fields: ['way', 'most', 'count'],
    says: '{count} connections to the admin API over {way} were closed at once: {most} are open, the most there may be; look who holds them ("ss -tnp"), the socket has a bound of its own',
  },
  'admin-socket-missing': {
    level: 'warn',
    fields: ['why'],
    says: 'there is no admin socket, so only a token can change anything while it runs: {why}',
  },
  stopped: { level: 'info', fields: ['uptimeSeconds'], says: 'stopped after {uptimeSeconds} s' },
  fatal: {
    level: 'fatal',
    fields: ['where', 'error'],
    says: 'a bug ({where}): {error}; the process ends here, its supervisor should start it again',
  },
  'instance-crashed': {
    level: 'error',
    fields: ['instance', 'error', 'authentication', 'accounting', 'restartSeconds'],
    says: 'instance {instance} met a bug and ended, the others go on; it had {authentication} authentication and {accounting} accounting messages in hand, of which logins are asked for again, and records come again only from clients that have not given them up; it is started again in {restartSeconds} s: {error}',
  },
  'instance-restarted': { level: 'info', fields: ['instance'], says: 'instance {instance} runs again' },
  'instance-restart-failed': {
    level: 'error',
    fields: ['instance', 'why', 'restartSeconds'],
    says: 'instance {instance} could not be started again, next try in {restartSeconds} s: {why}',
  },
  'listener-opened': { level: 'info', fields: ['class', 'address'], says: 'now listening for {class} at {address}' },
  'listener-absent': {
    level: 'info',
    fields: ['class', 'address'],
    says: 'not listening for {class} at {address}: this machine does not have the address now; it is served within a second of its arrival',
  },
  'listener-closed': {
    level: 'warn',
    fields: ['class', 'address'],
    says: 'no longer listening for {class} at {address}: this machine lost the address, or its interface is down',
  },
  'listener-failed': {
    level: 'warn',
    fields: ['class', 'address', 'why'],
    says: 'not listening for {class} at {address}, tried again each second: {why}',
  },
  'receive-buffer-clamped': {
    level: 'warn',
    fields: ['grantedKiB', 'wantedKiB', 'wantedBytes'],
    says: 'the kernel granted {grantedKiB} KiB of the wanted {wantedKiB} KiB for receiving, so bursts may be lost before they are read: sysctl -w net.core.rmem_max={wantedBytes}',
  },
  'send-failed': {
    level: 'warn',
    fields: ['where', 'code', 'count'],
    says: '{count} datagrams could not be sent at {where}: {code}',
  },
  'server-active': {
    level: 'info',
    fields: ['server', 'class', 'from', 'why'],
    says: 'server {server} is Active for {class}, it was {from}: {why}',
  },
  'server-not-responding': {
    level: 'warn',
    fields: ['server', 'class', 'from', 'why'],
    says: 'server {server} is Not Responding for {class}, it was {from}: {why}',
  },
  'server-failing': {
    level: 'error',
    fields: ['server', 'class', 'from', 'why'],
    says: 'server {server} is Failing for {class}, it was {from}: {why}; other servers are preferred where there are any, and some messages try whether it serves again',
  },
  'server-down': {
    level: 'error',
    fields: ['server', 'class', 'from', 'why', 'next'],
    says: 'server {server} is Down for {class}, it was {from}: {why}; {next}',
  },
  'server-held-down': {
    level: 'warn',
    fields: ['server', 'class', 'from', 'why', 'next'],
    says: 'server {server} is held Down for {class}, it was {from}: {why}; {next}',
  },
  'all-servers-down': {
    level: 'error',
    fields: ['class', 'parked', 'advice'],
    says: 'all servers are Down for {class}: messages wait within their bounds ({parked} now); {advice}',
  },
  'servers-back': {
    level: 'info',
    fields: ['class', 'parked'],
    says: 'a server is back for {class}; {parked} messages waited',
  },
  'signature-learned': {
    level: 'info',
    fields: ['peer', 'name', 'at', 'packet', 'count'],
    says: 'the {peer} {name} signs by itself at {at}, it did so with {packet}: auto has learned it ({count} in this second), and drops what comes unsigned from there until nothing signed came for 30 days; where another device or server stands behind that address and cannot sign, set require_message_authenticator: no for {name}',
  },
  'signature-forgotten': {
    level: 'info',
    fields: ['peer', 'name', 'at', 'reason', 'count'],
    says: 'auto has forgotten that the {peer} {name} signs at {at}, and takes what comes unsigned from there: {reason}',
  },
  'mixed-signing': {
    level: 'warn',
    fields: ['peer', 'name', 'at', 'packet', 'unsigned', 'count'],
    says: 'from the {peer} {name} at {at} came signed ({packet}) and unsigned ({unsigned}) packets within an hour: auto learns nothing there and drops nothing; if two devices or servers share that address, set require_message_authenticator: no for {name}, if all of them sign and somebody else sends the unsigned ones, set yes',
  },
  dropped: {
    level: 'warn',
    fields: ['class', 'reason', 'client', 'from', 'count'],
    says: '{count} datagrams of {client} (the last from {from}) were dropped: {reason}',
  },
  shed: {
    level: 'warn',
    fields: ['class', 'reason', 'client', 'record', 'count'],
    says: '{count} {class} messages ({record}) of {client} were shed: {reason}; the servers or max_rate are too slow for what comes',
  },
  expired: {
    level: 'warn',
    fields: ['class', 'client', 'count'],
    says: '{count} {class} messages of {client} waited longer than max_age and expired',
  },
  'given-up': {
    level: 'warn',
    fields: ['class', 'client', 'how', 'count'],
    says: '{count} {class} messages of {client} were given up without an answer; the last was {how}',
  },
  'unanswered-by-live-server': {
    level: 'warn',
    fields: ['server', 'class', 'client', 'common', 'count'],
    says: 'server {server} left {count} {class} messages unanswered while it answers others, the last of {client}; of the latest: {common}',
  },
  'response-dropped': {
    level: 'warn',
    fields: ['server', 'class', 'reason', 'count'],
    says: '{count} {class} responses of server {server} were dropped: {reason}',
  },
  'sessions-log-lost': {
    level: 'error',
    fields: ['count'],
    says: '{count} lines of the sessions log could not be written; look at the space and the mode of accounting.sessions_log.directory',
  },
  'accounting-anomaly': {
    level: 'warn',
    fields: ['anomaly', 'client', 'session', 'user', 'before', 'record', 'count'],
    says: '{count} accounting records of {client} are odd: {anomaly}; the last is of session {session} of {user}, known so far: {before}; now came: {record}',
  },
  'alarm-raised': {
    level: 'error',
    fields: ['alarm', 'severity', 'subject', 'value', 'what', 'advice'],
    says: 'alarm {alarm} raised ({severity}) for {subject}: {what}; {advice}',
  },
  'alarm-cleared': {
    level: 'warn',
    fields: ['alarm', 'severity', 'subject', 'value', 'raisedSeconds'],
    says: 'alarm {alarm} cleared for {subject} after {raisedSeconds} s',
  },
  'health-changed': {
    level: 'info',
    fields: ['score', 'from', 'reasons'],
    says: 'the health is {score} of 10, it was {from}: {reasons}',
  },
  'webhook-failed': {
    level: 'warn',
    fields: ['url', 'why', 'waiting'],
    says: 'alarms could not be sent to {url}: {why}; {waiting} wait, it is tried again for as long as they are raised',
  },
  'watch-failed': {
    level: 'error',
    fields: ['place', 'error', 'count'],
    says: '{count} errors in watching ({place}); no packet was touched, and the last value is kept until it works again: {error}',
  },
  'internal-error': {
    level: 'error',
    fields: ['where', 'error', 'count'],
    says: '{count} packets met a bug in "{where}" and were dropped, nothing else is affected: {error}; log level debug shows the packet',
  },
} as const satisfies Readonly<Record<string, EventDefinition>>

export type EventName = keyof typeof EVENTS
type Value = string | number
/** Every field of an event, no more and no less. */
export type FieldsOf<Name extends EventName> = Readonly<Record<(typeof EVENTS)[Name]['fields'][number], Value>>

/** The event's sentence with its fields filled in. */
export function sentenceOf(name: EventName, fields: Readonly<Record<string, Value>>): string {
  return EVENTS[name].says.replace(/\{(\w+)\}/g, (_whole, field: string) => String(fields[field] ?? '?'))
}
