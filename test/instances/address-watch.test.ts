import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { AddressWatch } from '../../src/instances/address-watch.io.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

it('tells nobody that the machine has no address because the system could not list them', () => {
  let isBroken = true
  const told: (readonly string[])[] = []
  const watch = new AddressWatch(
    (local) => told.push(local),
    () => {
      if (isBroken) throw new Error('no descriptor')
      return ['127.0.0.1']
    },
  )
  watch.start()
  vi.advanceTimersByTime(3_000)
  expect(told).toEqual([])
  isBroken = false
  vi.advanceTimersByTime(1_000)
  isBroken = true
  vi.advanceTimersByTime(1_000)
  expect(told).toEqual([['127.0.0.1'], ['127.0.0.1']])
  watch.stop()
})
