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
      return new Map([['127.0.0.1', 0]])
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

it('leaves out once what another interface of that name has, so that its sockets are opened again', () => {
  let scope = 7
  const told: (readonly string[])[] = []
  const watch = new AddressWatch(
    (local) => told.push(local),
    () =>
      new Map([
        ['192.0.2.9', 0],
        ['fe80::1%eth0', scope],
      ]),
  )
  watch.start()
  scope = 8
  vi.advanceTimersByTime(3_000)
  const all = ['192.0.2.9', 'fe80::1%eth0']
  expect(told).toEqual([all, ['192.0.2.9'], all, all])
  // The same list again says that nothing has changed.
  expect(told[3]).toBe(told[2])
  watch.stop()
})
