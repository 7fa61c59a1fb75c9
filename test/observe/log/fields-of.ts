/**
 * The fields that an event of the log dictionary has: those of its sentence, and those beside it.
 *
 * The type `FieldsOf` says the same to the compiler.
 */
import { EVENTS, type EventName } from '../../../src/observe/log/events.ts'

/** Those in its sentence first. */
export const fieldsOf = (name: EventName): string[] => [
  ...new Set([...EVENTS[name].says.matchAll(/\{(\w+)\}/g)].map(([, field = '']) => field)),
  ...EVENTS[name].also,
]
