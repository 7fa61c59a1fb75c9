/**
 * What people read of packets and of where they were seen.
 */
import { expect, it } from 'vitest'
import { othersText } from '../../../src/observe/view/seen-text.ts'

it('says that an address is not the only one, and that there may be more than were counted', () => {
  const text = (others: number): string => `at 10.0.0.1${othersText(others)}`
  expect([0, 1, 7].map(text)).toEqual([
    'at 10.0.0.1',
    'at 10.0.0.1 and at least 1 other address',
    'at 10.0.0.1 and at least 7 other addresses',
  ])
})
