import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { RotatingFile } from '../../../src/observe/log/rotating-file.io.ts'

const root = mkdtempSync(join(tmpdir(), 'radsluice-files-'))
afterAll(() => rmSync(root, { recursive: true }))

/** A directory, a clock that a test sets, and files named by the day of the month. */
function fixture(keepDays = 3) {
  const directory = mkdtempSync(join(root, 'day-'))
  const clock = { now: new Date(2026, 10, 24, 23, 59, 59) }
  const open = (into = directory): RotatingFile =>
    new RotatingFile(
      { setting: 'tps.directory', nameOf: (day) => `x-${day.getDate()}.csv`, isOneOfThem: /^x-\d+\.csv$/ },
      { directory: into, keepDays },
      () => clock.now,
    )
  const textOf = (name: string): string => readFileSync(join(directory, name), 'utf8')
  return { directory, clock, open, textOf }
}

describe('a rotating file', () => {
  it('is a new one with the first line of a day, and the old one keeps what was written before', async () => {
    const { directory, clock, open, textOf } = fixture()
    const file = open()
    file.write('late\n')
    clock.now = new Date(2026, 10, 25)
    file.write('early\n')
    await file.drained()
    expect(readdirSync(directory).sort()).toEqual(['x-24.csv', 'x-25.csv'])
    expect([textOf('x-24.csv'), textOf('x-25.csv'), file.lost]).toEqual(['late\n', 'early\n', 0])
  })

  it('goes on at the end of the file of today after a restart', async () => {
    const { open, textOf } = fixture()
    for (const line of ['one\n', 'two\n']) {
      const file = open()
      file.write(line)
      await file.drained()
    }
    expect(textOf('x-24.csv')).toBe('one\ntwo\n')
  })

  it('keeps the files of so many days, and everything that is not its own', async () => {
    const { directory, clock, open } = fixture(3)
    for (const name of ['x-21.csv', 'x-22.csv', 'x-23.csv', 'y-21.csv', 'x-21.csv.gz']) {
      writeFileSync(join(directory, name), '')
    }
    const file = open()
    expect(readdirSync(directory).sort()).toEqual(['x-21.csv.gz', 'x-22.csv', 'x-23.csv', 'x-24.csv', 'y-21.csv'])
    clock.now = new Date(2026, 10, 25, 12)
    file.write('next\n')
    expect(readdirSync(directory)).not.toContain('x-22.csv')
    await file.drained()
  })

  it('makes its directory', () => {
    const { directory, open } = fixture()
    open(join(directory, 'a', 'b'))
    expect(readdirSync(join(directory, 'a', 'b'))).toEqual(['x-24.csv'])
  })

  it('says what to do where the directory is none', () => {
    const { directory, open } = fixture()
    writeFileSync(join(directory, 'plain'), '')
    expect(() => open(join(directory, 'plain'))).toThrow(
      `tps.directory: can't write in the directory ${join(directory, 'plain')}: the system says EEXIST; make it writable for this user, or name another`,
    )
  })

  it('counts the lines of a time without a directory, and goes on when there is one again', async () => {
    const { directory, clock, open } = fixture()
    const file = open()
    rmSync(directory, { recursive: true })
    writeFileSync(directory, 'in the way')
    clock.now = new Date(2026, 10, 25, 0, 0, 1)
    file.write('lost\n')
    rmSync(directory)
    clock.now = new Date(2026, 10, 25, 0, 0, 5)
    file.write('lost too, the next try is not yet due\n')
    expect(file.lost).toBe(2)
    clock.now = new Date(2026, 10, 25, 0, 0, 12)
    file.write('written\n')
    await file.drained()
    expect([readFileSync(join(directory, 'x-25.csv'), 'utf8'), file.lost]).toEqual(['written\n', 2])
  })
})
