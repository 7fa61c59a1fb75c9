/**
 * How far the files of a run are, from what their processes tell.
 */
import { describe, expect, it } from 'vitest'
import { Progress, type Step, whereItIs } from '../scripts/test-progress.ts'

const lines = (...steps: Step[]): string => steps.map((step) => `${JSON.stringify(step)}\n`).join('')
const begin = (file: string, at: number): Step => ({ file, step: 'begin', pid: 7, at })

describe('the progress of a run', () => {
  it('knows which files have begun and not ended, and where they are', () => {
    const progress = new Progress()
    progress.take(lines(begin('a', 1_000), begin('b', 2_000), { file: 'a', step: 'end' }))
    expect(progress.running()).toEqual([{ file: 'b', pid: 7, since: 2_000, test: undefined }])
    progress.take(lines({ file: 'b', step: 'test', name: 'it waits', at: 5_000 }))
    expect(progress.running().map((each) => whereItIs(each, 12_000))).toEqual([
      'b after 10 s: it was for 7 s in "it waits"',
    ])
    progress.take(lines({ file: 'b', step: 'tested', passed: true }))
    expect(progress.running().map((each) => whereItIs(each, 12_000))).toEqual([
      'b after 10 s: it was in no test (a hook, or its loading)',
    ])
  })

  it('counts what passed and what failed', () => {
    const progress = new Progress()
    const tested = (passed: boolean): Step => ({ file: 'a', step: 'tested', passed })
    progress.take(lines(begin('a', 1), tested(true), tested(false), tested(true)))
    expect([progress.passed, progress.failed]).toEqual([2, 1])
  })

  it('takes lines in pieces', () => {
    const text = lines(begin('a', 1), { file: 'a', step: 'test', name: 'x', at: 2 })
    for (let cut = 0; cut <= text.length; cut += 1) {
      const progress = new Progress()
      progress.take(text.slice(0, cut))
      progress.take(text.slice(cut))
      expect(progress.running()[0]?.test?.name).toBe('x')
    }
  })

  it('names files that are late, until they are forgotten', () => {
    const progress = new Progress()
    progress.take(lines(begin('a', 1_000), begin('b', 2_500)))
    expect(progress.late(3_000, 1_000).map(({ file }) => file)).toEqual(['a'])
    expect(progress.late(2_000, 1_000)).toEqual([])
    progress.forget('a')
    expect(progress.late(9_000, 1_000).map(({ file }) => file)).toEqual(['b'])
  })
})
