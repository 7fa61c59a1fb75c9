/**
 * The engine's options of fairness and overload, in the one place that has to follow if they get other names.
 */
import type { ClientOptions, EngineOptions } from '../../src/proxy/border/options.ts'
import { seconds } from '../../src/units.ts'

/** `max_age_limit` and `max_age_most` of the schema. */
const MAX_AGE_LIMIT = seconds(5)
const MAX_AGE_MOST = seconds(30)

/** `5s`: first in, first out, and 5 s from the arrival. `auto`: as long as the client's next copy is not due. */
export type MaxAge = '5s' | 'auto'
export type Fairness = EngineOptions['fairness']

export function withMaxAge(options: EngineOptions, maxAge: MaxAge): EngineOptions {
  const most = maxAge === 'auto' ? { maxAgeMost: MAX_AGE_MOST } : {}
  const authentication = { ...options.queues.authentication, maxAge: MAX_AGE_LIMIT, ...most }
  return { ...options, queues: { ...options.queues, authentication } }
}

export const withFairness = (options: EngineOptions, fairness: Fairness): EngineOptions => ({ ...options, fairness })

/** `maxShare` in per cent of the queue's messages. */
export const withMaxShare = (client: ClientOptions, maxShare: number): ClientOptions => ({ ...client, maxShare })
