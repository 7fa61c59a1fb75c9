/**
 * The settings of one class's queue: how much may wait, how long, and what goes when more comes. A part of the schema
 * (`schema.ts`) with a file of its own.
 */
import { duration, oneOf, size, whole } from './kinds.ts'

/** With the defaults of its class; `first` is the default among the `overflow` policies. */
export const queue = <const Words extends readonly [string, ...string[]]>(o: {
  messages: number
  bytes: string
  age: string
  overflow: Words
  first: NoInfer<Words[number]>
}) => ({
  max_messages: whole(1, 10_000_000)
    .describe('Messages that may wait, in the instance queue and the server queues together.')
    .default(o.messages),
  max_bytes: size({ least: '4KiB', most: '64GiB' }).describe('Bytes of the messages that may wait.').prefault(o.bytes),
  max_age: duration({ least: '10ms', most: '168h' }).describe('A message that waited longer expires.').prefault(o.age),
  overflow: oneOf(o.overflow).describe('What a full queue sheds.').prefault(o.first),
})
