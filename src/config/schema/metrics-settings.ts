/**
 * The settings of `/metrics`: whether each client has series of its own there.
 *
 * A client has some 44 series in each instance. That is fine for hundreds; with 10,000 clients it is 24 MB a scrape, which
 * costs this daemon seconds of processor time and Prometheus its memory.
 */
import { z } from 'zod'
import { oneOf } from './kinds.ts'

/** Up to so many clients `auto` is `all`. */
export const MOST_CLIENTS_FOR_ALL = 1_000

export const metrics = z
  .strictObject({
    per_client: oneOf(['auto', 'all', 'active', 'off'])
      .describe(
        `Which clients have series of their own in /metrics: all; those with traffic in the last hour (active); or none (off). auto is all for up to ${MOST_CLIENTS_FOR_ALL.toLocaleString('en')} clients, else active. What all clients did together is always there.`,
      )
      .default('auto'),
  })
  .describe('What /metrics shows (metrics.md).')
  .prefault({})

export type PerClient = 'all' | 'active' | 'off'

/** `auto` decided. */
export const perClientOf = (written: PerClient | 'auto', clients: number): PerClient =>
  written === 'auto' ? (clients <= MOST_CLIENTS_FOR_ALL ? 'all' : 'active') : written
