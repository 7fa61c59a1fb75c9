/**
 * Where compiled code is kept: a folder that nobody else can write to, or nowhere. Whoever could write there could run code
 * as this user.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

type Environment = Readonly<Record<string, string | undefined>>
const { cacheFolder } = createRequire(import.meta.url)('../../bin/compile-cache.cjs') as {
  cacheFolder(env: Environment, uid: number | undefined): string | undefined
}

const me = process.getuid?.() ?? 0
const STRANGER = 65_534
/** Not among temporary files: those are in a folder that all may write to. */
let home = ''
const folderFor = (env: Environment, uid = me): string | undefined => cacheFolder(env, uid)

describe('the folder for compiled code', () => {
  beforeEach(() => {
    home = mkdtempSync(join(realpathSync(homedir()), '.radsluice-test-'))
  })
  afterEach(() => rmSync(home, { recursive: true, force: true }))

  it('is made for this user alone, below the home', () => {
    const folder = folderFor({ HOME: home })
    expect(folder).toBe(join(home, '.cache/radsluice/compiled'))
    expect(statSync(folder as string).mode & 0o777).toBe(0o700)
    expect(folderFor({ HOME: home })).toBe(folder)
  })

  it('is that of systemd, else that of the user for caches', () => {
    const [given, xdg] = [join(home, 'given'), join(home, 'xdg')]
    mkdirSync(given, { mode: 0o700 })
    expect(folderFor({ CACHE_DIRECTORY: `${given}:/other`, XDG_CACHE_HOME: xdg, HOME: home })).toBe(
      join(given, 'radsluice/compiled'),
    )
    expect(folderFor({ XDG_CACHE_HOME: xdg, HOME: home })).toBe(join(xdg, 'radsluice/compiled'))
  })

  it.each([
    ['all may write to the home', '', 0o777],
    ['its group may write to the home', '', 0o770],
    ['all may write to the folder for caches', '.cache', 0o777],
    ['all may write to the folder itself', '.cache/radsluice/compiled', 0o777],
  ])('is nowhere where %s', (_what, name, mode) => {
    mkdirSync(join(home, name), { recursive: true, mode: 0o700 })
    chmodSync(join(home, name), mode)
    expect(folderFor({ HOME: home })).toBeUndefined()
  })

  it('is nowhere in a home of somebody else, as sudo may leave it, and nothing is made there', () => {
    expect(folderFor({ HOME: home }, STRANGER)).toBe(me === 0 ? join(home, '.cache/radsluice/compiled') : undefined)
    if (me !== 0) return
    rmSync(join(home, '.cache'), { recursive: true })
    chownSync(home, STRANGER, STRANGER)
    expect(folderFor({ HOME: home })).toBeUndefined()
    expect(existsSync(join(home, '.cache'))).toBe(false)
  })

  it('is nowhere behind a link to where all may write', () => {
    const open = join(home, 'open')
    mkdirSync(open)
    chmodSync(open, 0o777)
    symlinkSync(open, join(home, '.cache'))
    expect(folderFor({ HOME: home })).toBeUndefined()
  })

  it('is named by its real path, which no link leads away from afterwards', () => {
    const real = join(home, 'real')
    mkdirSync(real, { mode: 0o700 })
    symlinkSync(real, join(home, '.cache'))
    expect(folderFor({ HOME: home })).toBe(join(real, 'radsluice/compiled'))
  })

  it.each(['relative/path', '/proc/no-such-folder', '/dev/null'])('is nowhere where it can not be made: %s', (path) => {
    expect(folderFor({ XDG_CACHE_HOME: path, HOME: home })).toBeUndefined()
  })
})
