/**
 * The log dictionary: every event that the daemon can log, with its level, its sentence and its fields.
 *
 * A log line has the event's name (for programs), the fields, and the sentence with the fields filled in (for people): what
 * happened, where, and what to do. docs/glossary.md lists the same names; a test compares them. No field has a secret or a
 * password.
 */

export type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug'

/** An event's sentence, in which `{field}` is replaced by the field's value, and the fields that are not in it. */
const at =
  <L extends Level>(level: L) =>
  <const Says extends string, const Also extends string = never>(says: Says, ...also: readonly Also[]) => ({
    level,
    says,
    also,
  })
const [fatal, error, warn, info] = [at('fatal'), at('error'), at('warn'), at('info')]

export const EVENTS = {
  started: info(
    'radsluice {version} runs with {config}; it listens at {listeners}, metrics and status at http://{admin}; packet I/O is {packetIo}: {packetIoWhy}',
    'digest',
    'servers',
  ),
  'packet-io-unmet': warn('packet_io is batched, and radsluice serves over dgram: {why}'),
  'packet-io-tested': info('{why}'),
  'packet-io-not-usable': warn('batched packet I/O stays unused, and dgram serves: {why}'),
  'packet-io-fell-back': warn('batched packet I/O could not be opened, and dgram serves instead: {why}'),
  'config-warning': warn('{warning}'),
  reloaded: info('the configuration {config} was read again and holds: {changes}', 'digest'),
  'reload-refused': error(
    'the configuration {config} was not taken, the old one stays; run "radsluice check" on it: {problems}',
  ),
  'reload-needs-restart': warn('these settings changed in the file and hold only after a restart: {settings}'),
  draining: info(
    '{signal}: no new messages are taken; {queued} queued and {outstanding} outstanding may finish (limit: {limit})',
  ),
  'drain-unfinished': warn('stopping with something left in hand ({why}): {left}', 'queued', 'outstanding'),
  'not-stopped': warn('{why}', 'queued', 'outstanding'),
  resumed: info('new messages are taken again; asked by {by}'),
  operated: warn('an operator changed something: {what}; asked by {by}'),
  'admin-refused': warn(
    '{count} requests to the admin API from {from} were refused, the last was {what}: they had no right to it',
  ),
  'admin-full': warn(
    '{count} connections to the admin API over {way} were closed at once: {most} are open, the most there may be; look who holds them ("ss -tnp"), the socket has a bound of its own',
  ),
  'admin-socket-missing': warn('there is no admin socket, so only a token can change anything while it runs: {why}'),
  stopped: info('stopped after {uptimeSeconds} s'),
  fatal: fatal('a bug ({where}): {error}; the process ends here, its supervisor should start it again'),
  'instance-crashed': error(
    'instance {instance} met a bug and ended, the others go on; it had {authentication} authentication and {accounting} accounting messages in hand, of which logins are asked for again, and records come again only from clients that have not given them up; it is started again in {restartSeconds} s: {error}',
  ),
  'instance-restarted': info('instance {instance} runs again'),
  'instance-restart-failed': error(
    'instance {instance} could not be started again, next try in {restartSeconds} s: {why}',
  ),
  'listener-opened': info('now listening for {class} at {address}'),
  'listener-absent': info(
    'not listening for {class} at {address}: this machine does not have the address now; it is served within a second of its arrival',
  ),
  'listener-closed': warn(
    'no longer listening for {class} at {address}: this machine lost the address, or its interface is down',
  ),
  'listener-failed': warn('not listening for {class} at {address}, tried again each second: {why}'),
  'receive-buffer-clamped': warn(
    'the kernel granted {grantedKiB} KiB of the wanted {wantedKiB} KiB for receiving, so bursts may be lost before they are read: sysctl -w net.core.rmem_max={wantedBytes}',
  ),
  'send-failed': warn('{count} datagrams could not be sent at {where}: {code}'),
  'server-active': info('server {server} is Active for {class}, it was {from}: {why}'),
  'server-not-responding': warn('server {server} is Not Responding for {class}, it was {from}: {why}'),
  'server-failing': error(
    'server {server} is Failing for {class}, it was {from}: {why}; other servers are preferred where there are any, and some messages try whether it serves again',
  ),
  'server-down': error('server {server} is Down for {class}, it was {from}: {why}; {next}'),
  'server-held-down': warn('server {server} is held Down for {class}, it was {from}: {why}; {next}'),
  'all-servers-down': error(
    'all servers are Down for {class}: messages wait within their bounds ({parked} now); {advice}',
  ),
  'servers-back': info('a server is back for {class}; {parked} messages waited'),
  'signature-learned': info(
    'the {peer} {name} signs by itself at {at}, it did so with {packet}: auto has learned it ({count} in this second), and drops what comes unsigned from there until nothing signed came for 30 days; where another device or server stands behind that address and cannot sign, set require_message_authenticator: no for {name}',
  ),
  'signature-forgotten': info(
    'auto has forgotten that the {peer} {name} signs at {at}, and takes what comes unsigned from there: {reason}',
    'count',
  ),
  'mixed-signing': warn(
    'from the {peer} {name} at {at} came signed ({packet}) and unsigned ({unsigned}) packets within an hour: auto learns nothing there and drops nothing; if two devices or servers share that address, set require_message_authenticator: no for {name}, if all of them sign and somebody else sends the unsigned ones, set yes',
    'count',
  ),
  dropped: warn('{count} datagrams of {client} (the last from {from}) were dropped: {reason}', 'class'),
  shed: warn('{count} {class} messages ({record}) of {client} were shed: {reason}'),
  expired: warn('{count} {class} messages of {client} waited longer than max_age and expired'),
  'given-up': warn('{count} {class} messages of {client} were given up without an answer; the last was {how}'),
  'unanswered-by-live-server': warn(
    'server {server} left {count} {class} messages unanswered while it answers others, the last of {client}; of the latest: {common}',
  ),
  'response-dropped': warn('{count} {class} responses of server {server} were dropped: {reason}'),
  'sessions-log-lost': error(
    '{count} lines of the sessions log could not be written; look at the space and the mode of accounting.sessions_log.directory',
  ),
  'accounting-anomaly': warn(
    '{count} accounting records of {client} are odd: {anomaly}; the last is of session {session} of {user}, known so far: {before}; now came: {record}',
  ),
  'alarm-raised': error('alarm {alarm} raised ({severity}) for {subject}: {what}; {advice}', 'value'),
  'alarm-cleared': warn('alarm {alarm} cleared for {subject} after {raisedSeconds} s', 'severity', 'value'),
  'health-changed': info('the health is {score} of 10, it was {from}: {reasons}'),
  'webhook-failed': warn(
    'alarms could not be sent to {url}: {why}; {waiting} wait, it is tried again for as long as they are raised',
  ),
  'watch-failed': error(
    '{count} errors in watching ({place}); no packet was touched, and the last value is kept until it works again: {error}',
  ),
  'internal-error': error(
    '{count} packets met a bug in "{where}" and were dropped, nothing else is affected: {error}; log level debug shows the packet',
  ),
}

export type EventName = keyof typeof EVENTS
type Value = string | number
type FieldsIn<Says> = Says extends `${string}{${infer Field}}${infer Rest}` ? Field | FieldsIn<Rest> : never
/** Every field of an event, no more and no less. */
export type FieldsOf<Name extends EventName> = Readonly<
  Record<FieldsIn<(typeof EVENTS)[Name]['says']> | (typeof EVENTS)[Name]['also'][number], Value>
>

/** The event's sentence with its fields filled in. */
export const sentenceOf = (name: EventName, fields: Readonly<Record<string, Value>>): string =>
  EVENTS[name].says.replace(/\{(\w+)\}/g, (_whole, field: string) => String(fields[field] ?? '?'))
