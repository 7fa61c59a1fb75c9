/**
 * What of a client's accounting records is changed on their way, or left to newer ones. Nothing but Acct-Delay-Time is
 * unless it is asked for.
 */
import { z } from 'zod'
import { oneOf } from './kinds.ts'

export const recordSettings = z
  .strictObject({
    acct_delay_time: oneOf(['update', 'keep'])
      .describe(
        'Whether a record without Event-Timestamp that waited here for a second or more gets its Acct-Delay-Time brought up to date when it is first sent to a server.',
      )
      .default('update'),
    synthesize_gigawords: z
      .boolean()
      .describe(
        'Add Acct-Input-Gigawords and Acct-Output-Gigawords where the client sends none and its 32-bit counters were seen to wrap. Needs `accounting.track_sessions`.',
      )
      .default(false),
    swap_directions: z
      .boolean()
      .describe('Exchange input and output, for a client that means them the other way round.')
      .default(false),
    erx_ipv6_zeros: oneOf(['keep', 'drop_on_mlppp'])
      .describe(
        'Whether the six zeros of the ERX IPv6 counters in the record of an MLPPP link, which mean unknown, are left out, so that no database stores them as zero.',
      )
      .default('keep'),
    interims: oneOf(['all', 'newest'])
      .describe(
        'Whether every interim update is delivered, or a newer one takes the place of an older one of its session that still waits unsent.',
      )
      .default('all'),
  })
  .describe('What of its accounting records is changed or left out on their way (accounting.md).')
  .prefault({})
