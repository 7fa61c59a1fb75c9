import { describe, expect, it } from 'vitest'
import { markIn, markText, meaningOf, type StartMark } from '../../../src/transport/choice/start-marks.ts'

const HERE = { daemon: 'host /etc/radsluice.yaml', surroundings: 'koffi 3.3.4', boot: 'boot-1' }
const mark = (more: Partial<StartMark> = {}): StartMark => ({ ...HERE, pid: 7, began: '1234', ...more })

describe('a mark of a start', () => {
  it('is read as it was written, and a damaged one is none, wherever it is cut', () => {
    const text = markText(mark())
    expect(markIn(text)).toEqual(mark())
    for (let cut = 0; cut < text.length - 1; cut += 1) expect(markIn(text.slice(0, cut))).toBeUndefined()
  })

  it.each([
    'null',
    '[]',
    '7',
    '"x"',
    '{}',
    JSON.stringify({ ...mark(), pid: '7' }),
    JSON.stringify({ ...mark(), began: 1 }),
  ])('that says %s is none', (text) => expect(markIn(text)).toBeUndefined())

  it.each([
    ['whose process is gone: it ended early', {}, false, 'ended-early'],
    ['whose process runs: it may serve yet', {}, true, 'none'],
    ['of another daemon of this host', { daemon: 'host /etc/other.yaml' }, false, 'none'],
    ['with another koffi', { surroundings: 'koffi 3.3.5' }, false, 'outdated'],
    ['with another koffi, which runs', { surroundings: 'koffi 3.3.5' }, true, 'none'],
    ['from before the machine was started', { boot: 'boot-0' }, false, 'outdated'],
    ['of another daemon, from before the machine was started', { boot: 'boot-0', daemon: 'x' }, false, 'outdated'],
  ] as const)('%s', (_what, more, isRunning, meaning) => {
    expect(meaningOf(mark(more), HERE, isRunning)).toBe(meaning)
  })
})
