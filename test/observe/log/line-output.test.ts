import { openSync } from 'node:fs'
import { expect, it } from 'vitest'
import { LineOutput } from '../../../src/observe/log/line-output.io.ts'

it('counts every line that a full disk does not take', async () => {
  const output = new LineOutput(openSync('/dev/full', 'w'), 1 << 20)
  // The first goes at once, the others wait for it and would go together.
  for (let i = 0; i < 4_000; i += 1) output.write(`line ${i}\n`)
  await output.drained(10_000)
  expect(output.isBroken).toBe(true)
  expect(output.lost).toBe(4_000)
  output.write('one more\n')
  expect(output.lost).toBe(4_001)
})

it('counts the lines that go together when the disk fills up', async () => {
  const output = new LineOutput(openSync('/dev/full', 'w'), 1 << 20)
  output.write('one\ntwo\nthree\n')
  await output.drained(10_000)
  expect(output.lost).toBe(3)
})
