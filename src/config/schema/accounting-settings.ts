/**
 * The settings of what is observed of accounting records: the session table, its checks, and the log of sessions.
 */
import { bitRate, directory, duration, flag, keepDays, mapping, NEEDS_RESTART, whole } from './kinds.ts'

export const accounting = mapping('What is observed of accounting records.', {
  track_sessions: flag()
    .describe(
      'Keep the last figures of each session, to find odd records and to add up MLPPP bundles (accounting.md). This only observes.',
    )
    .meta(NEEDS_RESTART)
    .default(true),
  max_sessions: whole(100, 10_000_000)
    .describe(
      'The most sessions that are tracked, for each instance, and as many bundles. Those not heard of for longest are forgotten first. A session takes about 250 octets; memory is used as sessions come.',
    )
    .meta(NEEDS_RESTART)
    .default(200_000),
  session_lifetime: duration({ least: '1m', most: '168h' })
    .describe(
      "A session ends if nothing came of it for this long. Twice the clients' interim interval is right; without interim updates, longer than sessions last. What a record was given is also remembered for this long, because the record may come again.",
    )
    .prefault('2h'),
  max_port_rate: bitRate({ least: '0Mbit/s', most: '100000Gbit/s' })
    .describe(
      "More than any subscriber's port carries. Figures that need a higher rate are impossible. 0Mbit/s: no check.",
    )
    .prefault('100Gbit/s'),
  sessions_log: mapping('A log of sessions; they must be tracked for it. By default there is none.', {
    directory: directory()
      .describe(
        'Where a file `sessions-YYYY-MM-DD.jsonl` gets a line of JSON for each session and each MLPPP bundle that ended. A relative path starts at the directory of the configuration file.',
      )
      .meta(NEEDS_RESTART),
    keep_days: keepDays(),
  }).optional(),
}).prefault({})
