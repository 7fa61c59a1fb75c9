/**
 * Files that a daemon reads while it serves: nothing that is there instead holds it up, and no more is read than is allowed.
 * The reading is done in a process of its own, since one that waits for a pipe waits for ever.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { isPipe, readSmallFile } from '../../../src/config/source/small-file.io.ts'

const folder = mkdtempSync(join(tmpdir(), 'radsluice-small-file-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string): string => join(folder, name)
execFileSync('mkfifo', [at('pipe')])
symlinkSync(at('pipe'), at('link'))
mkdirSync(at('sub'))
writeFileSync(at('file'), 'abcd')

const MODULE = new URL('../../../src/config/source/small-file.io.ts', import.meta.url).href
const PATIENCE_MS = 20_000

/** What `readSmallFile` says of it, or that it waits. */
function problemOf(path: string, from: string): string {
  const code = `import { readSmallFile } from '${MODULE}'
    const read = readSmallFile(...${JSON.stringify([path, 4, from])})
    console.log(read.problem ?? Buffer.from(read.bytes).toString())`
  const words = ['--input-type=module', '--eval', code]
  const { error, stdout } = spawnSync(process.execPath, words, { timeout: PATIENCE_MS, encoding: 'utf8' })
  return error === undefined ? stdout.trim().replace(folder, '') : 'waits'
}

describe('a small file', () => {
  it('is read whole up to the longest that is allowed, whatever its length', () => {
    for (const length of [0, 1, 1_023, 1_024, 1_025, 2_047, 2_048, 2_049, 5_000]) {
      const bytes = Buffer.alloc(length, length % 251)
      writeFileSync(at('long'), bytes)
      for (const longest of [length, length + 1, 9_000]) {
        const read = readSmallFile(at('long'), longest)
        expect('bytes' in read ? Buffer.from(read.bytes).equals(bytes) : read.problem, `${length}, ${longest}`).toBe(
          true,
        )
      }
      if (length > 0) expect(readSmallFile(at('long'), length - 1)).toHaveProperty('problem')
    }
  })

  it.each([
    ['pipe', '/pipe is a pipe, which can be read only once; write the path of a file'],
    ['link', '/link is a pipe, which can be read only once; write the path of a file'],
    ['file', 'abcd'],
    ['sub', '/sub is no file; write the path of one'],
    ['none', '/none does not exist; create it, or correct the path'],
  ])('is no pipe, and nobody waits for one: %s', (name, said) => {
    expect(problemOf(at(name), 'file')).toBe(said)
  })

  it('may be a pipe of the command line, which is read to its end or to the limit', () => {
    const read = (octets: number): string => {
      const script = `head -c ${octets} /dev/zero | tr '\\0' x > ${at('pipe')} & exec "$0" "$@"`
      const code = `import { readSmallFile } from '${MODULE}'
        const read = readSmallFile('${at('pipe')}', 100000, 'file or pipe')
        console.log(read.problem ?? read.bytes.length)`
      const words = ['-c', script, process.execPath, '--input-type=module', '--eval', code]
      return execFileSync('sh', words, { timeout: PATIENCE_MS, encoding: 'utf8' }).trim().replace(folder, '')
    }
    expect(read(100_000)).toBe('100000')
    expect(read(100_001)).toBe('/pipe has more than 100000 octets; that is another file, so correct the path')
  })

  it('is read whole where it says no size, and not beyond the limit', () => {
    expect(readSmallFile('/proc/self/status', 100_000)).toMatchObject({ bytes: expect.any(Uint8Array) })
    expect(readSmallFile('/proc/self/status', 10)).toEqual({
      problem: '/proc/self/status has more than 10 octets; that is another file, so correct the path',
    })
    expect(readSmallFile(at('file'), 3)).toMatchObject({ problem: expect.stringContaining('has 4 octets') })
    expect(readSmallFile('/dev/zero', 3)).toMatchObject({ problem: expect.stringContaining('is no file') })
  })

  it('is told from a pipe', () => {
    expect(['pipe', 'link', 'file', 'none'].map((name) => isPipe(at(name)))).toEqual([true, true, false, false])
  })
})
