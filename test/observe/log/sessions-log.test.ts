import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SessionsLog } from '../../../src/observe/log/sessions-log.io.ts'

const root = mkdtempSync(join(tmpdir(), 'radsluice-sessions-'))
afterAll(() => rmSync(root, { recursive: true }))

function fixture() {
  const directory = mkdtempSync(join(root, 'log-'))
  const clock = { now: new Date(2026, 0, 9, 12) }
  const lost: number[] = []
  const log = new SessionsLog(
    { directory, keepDays: 2 },
    (count) => lost.push(count),
    () => clock.now,
  )
  return { directory, clock, lost, log }
}

describe('the sessions log', () => {
  it('is a file of each day, a line for each session', async () => {
    const { directory, clock, log, lost } = fixture()
    log.write(['{"session":"1"}\n', '{"session":"2"}\n'])
    clock.now = new Date(2026, 0, 10)
    log.write(['{"session":"3"}\n'])
    await log.drained()
    expect(readFileSync(join(directory, 'sessions-2026-01-09.jsonl'), 'utf8')).toBe(
      '{"session":"1"}\n{"session":"2"}\n',
    )
    expect(readFileSync(join(directory, 'sessions-2026-01-10.jsonl'), 'utf8')).toBe('{"session":"3"}\n')
    expect([log.lost, lost]).toEqual([0, []])
  })

  it('counts the lines that no file takes, and says so once a minute', async () => {
    const { directory, clock, log, lost } = fixture()
    await log.drained()
    // The directory is gone, and a file has its name.
    rmSync(directory, { recursive: true })
    writeFileSync(directory, '')
    clock.now = new Date(2026, 0, 10)
    log.write(['a\n', 'b\n'])
    expect([log.lost, lost]).toEqual([2, [2]])
    clock.now = new Date(2026, 0, 10, 0, 0, 30)
    log.write(['c\n'])
    expect([log.lost, lost]).toEqual([3, [2]])
    clock.now = new Date(2026, 0, 10, 0, 1, 1)
    log.write(['d\n'])
    expect([log.lost, lost]).toEqual([4, [2, 2]])
  })

  it('says at the start where it can not write', () => {
    const file = join(root, 'a-file')
    writeFileSync(file, '')
    expect(() => new SessionsLog({ directory: file, keepDays: 1 }, () => undefined)).toThrow(
      /accounting.sessions_log.directory: can't write in the directory .*a-file/,
    )
  })
})
