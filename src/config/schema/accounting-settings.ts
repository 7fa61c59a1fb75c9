/**
 * The settings of what is observed of accounting records: the session table, its checks, and the log of sessions.
 */
import { z } from 'zod'
import { bitRate, directory, duration, keepDays, whole } from './kinds.ts'

const restart = { 'x-restart': true } as const

export const accounting = z
  .strictObject({
    track_sessions: z
      .boolean()
      .meta({
        description:
          'Keep the last figures of each session, to find records that are odd and to sum up MLPPP bundles (accounting.md). It only observes.',
        ...restart,
      })
      .default(true),
    max_sessions: whole(100, 10_000_000)
      .meta({
        description:
          'Sessions tracked at most, for each instance, and as many bundles; those not heard of for longest are forgotten first. About 250 octets each, taken as they come.',
        ...restart,
      })
      .default(200_000),
    session_lifetime: duration({ least: '1m', most: '168h' })
      .describe(
        "A session of which nothing came for so long is over. Twice the clients' interim interval is right; without interims, longer than sessions last. Also how long it is remembered what a record was given that may come again.",
      )
      .prefault('2h'),
    max_port_rate: bitRate({ least: '0Mbit/s', most: '100000Gbit/s' })
      .describe("More than any subscriber's port carries: figures that need more are impossible. 0Mbit/s: no check.")
      .prefault('100Gbit/s'),
    sessions_log: z
      .strictObject({
        directory: directory().meta({
          description:
            'Where a file `sessions-YYYY-MM-DD.jsonl` gets a line of JSON for each session and each MLPPP bundle that ended. A relative path starts at the directory of the configuration file.',
          ...restart,
        }),
        keep_days: keepDays().meta({ ...restart }),
      })
      .describe('A log of sessions, for which they must be tracked. By default there is none.')
      .optional(),
  })
  .describe('What is observed of accounting records.')
  .prefault({})
