/**
 * The descriptors of a thread, seen from both ends of the memory.
 */
import { expect, it } from 'vitest'
import { DescriptorTable } from '../../../src/instances/shared/descriptor-table.ts'

function both() {
  const memory = DescriptorTable.memory()
  return { thread: new DescriptorTable(memory), main: new DescriptorTable(memory) }
}

it('tells what is open and was not closed, once', () => {
  const { thread, main } = both()
  for (const one of [0, 7, 8]) expect(thread.opened(one)).toBe(true)
  thread.closed(7)
  thread.closed(99)
  expect(main.left()).toEqual([0, 8])
  expect(main.left()).toEqual([])
})

it('knows by which one the thread is woken, until the thread has ended', () => {
  const { thread, main } = both()
  expect(main.waking).toBeUndefined()
  thread.wakes(0)
  expect(main.waking).toBe(0)
  main.left()
  expect(main.waking).toBeUndefined()
})

it('has an end, and uses places again', () => {
  const { thread, main } = both()
  let opened = 0
  while (thread.opened(opened)) opened += 1
  expect(opened).toBe(16_384)
  thread.closed(5)
  expect(thread.opened(70_000)).toBe(true)
  expect(thread.opened(70_001)).toBe(false)
  expect(main.left()).toContain(70_000)
})
