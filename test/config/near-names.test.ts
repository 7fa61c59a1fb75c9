import { expect, it } from 'vitest'
import { thereAre } from '../../src/did-you-mean.ts'

it('names that exist are told with the near ones first, and ten at most', () => {
  const known = Array.from({ length: 10_000 }, (_, at) => `bng-${at}`)
  const text = thereAre('bng-99999', [...known, 'bng-9999x'])
  expect(text).toMatch(/^there are "bng-9999x?", "bng-9999/)
  expect(text).toMatch(/"bng-\d+" and 9991 more$/)
  expect(text.match(/"/g)).toHaveLength(20)
  expect([thereAre('x', ['a', 'b']), thereAre('x', [])]).toEqual(['there are "a", "b"', 'there are none'])
})
