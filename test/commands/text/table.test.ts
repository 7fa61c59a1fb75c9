import { describe, expect, it } from 'vitest'
import { table } from '../../../src/commands/text/table.ts'

describe('a table', () => {
  it('sets words to the left, numbers to the right, and leaves no blank at the end of a line', () => {
    expect(
      table(
        ['SERVER', 'QUEUED', 'STATE'],
        [
          ['fr-1', 7, 'Active'],
          ['a-long-name', 12_345, 'Down'],
        ],
      ),
    ).toEqual(['SERVER       QUEUED  STATE', 'fr-1              7  Active', 'a-long-name  12,345  Down'])
  })

  it('has its heading also when there are no rows', () => {
    expect(table(['A', 'B'], [])).toEqual(['A  B'])
  })
})
