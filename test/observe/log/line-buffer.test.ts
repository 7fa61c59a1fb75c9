import { describe, expect, it } from 'vitest'
import { LineBuffer } from '../../../src/observe/log/line-buffer.ts'

const octets = (text: string): Uint8Array => Buffer.from(text)

describe('lines that wait', () => {
  it('are taken together and in order, once', () => {
    const buffer = new LineBuffer(100)
    for (const line of ['one\n', 'two\n']) buffer.add(line)
    expect([buffer.take(), buffer.take()]).toEqual(['one\ntwo\n', ''])
  })

  it('are lost beyond the limit, and there is room again after they are taken', () => {
    const buffer = new LineBuffer(8)
    for (const line of ['one\n', 'two\n', 'three\n']) buffer.add(line)
    expect([buffer.lost, buffer.take()]).toEqual([1, 'one\ntwo\n'])
    buffer.add('four\n')
    expect([buffer.lost, buffer.take()]).toEqual([1, 'four\n'])
  })

  it('are lost with what could not be written, each once', () => {
    const buffer = new LineBuffer(100)
    buffer.add('one\ntwo\n')
    const text = octets(buffer.take())
    buffer.add('three\n')
    buffer.written(text.subarray(0, 2))
    buffer.giveUp(text.subarray(2))
    expect([buffer.lost, buffer.take()]).toEqual([3, ''])
  })

  it.each([
    ['on', 'on', '\nnext\n'],
    ['one\n', 'one\n', 'next\n'],
  ])('begin on a line of their own after %j was written last', (_what, last, next) => {
    const buffer = new LineBuffer(100)
    buffer.add('one\n')
    buffer.take()
    buffer.written(octets(last))
    expect(buffer.take()).toBe('')
    buffer.add('next\n')
    expect(buffer.take()).toBe(next)
  })

  it('begin as they are where the rest of a line followed after all', () => {
    const buffer = new LineBuffer(100)
    buffer.add('one\n')
    const text = octets(buffer.take())
    buffer.written(text.subarray(0, 2))
    buffer.written(text.subarray(2))
    buffer.add('next\n')
    expect(buffer.take()).toBe('next\n')
  })
})
