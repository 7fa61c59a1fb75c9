/**
 * Counts elementary steps of the engine: how often each block of its source is entered, as V8's precise coverage counts it,
 * and how many elements the built-in methods of arrays, maps and sets walk that it calls.
 *
 * Counting needs nothing in the source and is the same in every run: no clock is involved. It begins when this file is
 * loaded; functions that ran before would be counted by their calls alone.
 */
import { Session } from 'node:inspector'

interface Range {
  readonly count: number
}

interface Coverage {
  readonly result: readonly { readonly url: string; readonly functions: readonly { readonly ranges: Range[] }[] }[]
}

/** Not counted: it walks the octets of one packet, of which there are 4,096 at most, whatever waits. */
const HASHING = '/src/radius/md5.ts'

const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

/** How many steps `act` takes. */
export const countSteps = (act: () => void): number => {
  takeBlocks()
  const walked = walkedDuring(act)
  return takeBlocks() + walked
}

/** Blocks entered since it was asked before. */
const takeBlocks = (): number => {
  let blocks = 0
  session.post('Profiler.takePreciseCoverage', (error: Error | null, { result }: Coverage) => {
    if (error !== null) throw error
    for (const { url, functions } of result) {
      if (!url.includes('/src/') || url.endsWith(HASHING)) continue
      for (const { ranges } of functions) for (const { count } of ranges) blocks += count
    }
  })
  return blocks
}

/** What walks all elements, by the number of elements; a callback is counted as its own block besides. */
const WALKS_ARRAY = [
  ...['concat', 'every', 'filter', 'find', 'findIndex', 'findLast', 'flatMap', 'forEach', 'includes', 'indexOf'],
  ...['join', 'map', 'reduce', 'reverse', 'shift', 'slice', 'some', 'sort', 'splice', 'toSorted', 'unshift', 'values'],
  ...['entries', 'keys', Symbol.iterator],
]
const WALKS_COLLECTION = ['clear', 'entries', 'forEach', 'keys', 'values', Symbol.iterator]

type Method = (this: unknown, ...words: unknown[]) => unknown
type Walker = Record<string | symbol, Method>

const walkedDuring = (act: () => void): number => {
  let walked = 0
  const undo: (() => void)[] = []
  const watch = (target: object, names: readonly (string | symbol)[], sizeOf: (of: never) => number): void => {
    const methods = target as Walker
    for (const name of names) {
      const method = methods[name] as Method
      methods[name] = function (this: unknown, ...words: unknown[]): unknown {
        walked += sizeOf(this as never)
        return Reflect.apply(method, this, words)
      }
      undo.push(() => {
        methods[name] = method
      })
    }
  }
  const lengthOf = ({ length }: { readonly length: number }): number => length
  const sizeOf = ({ size }: { readonly size: number }): number => size
  const { from } = Array
  watch(Array.prototype, WALKS_ARRAY, lengthOf)
  watch(Map.prototype, WALKS_COLLECTION, sizeOf)
  watch(Set.prototype, WALKS_COLLECTION, sizeOf)
  const patched = Array as unknown as { from: Method }
  patched.from = (...words: unknown[]): unknown => {
    const made = Reflect.apply(from, Array, words) as unknown[]
    walked += made.length
    return made
  }
  try {
    act()
  } finally {
    for (const one of undo) one()
    patched.from = from as Method
  }
  return walked
}
