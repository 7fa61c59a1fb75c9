'use strict'
/**
 * Where Node keeps compiled code from one start to the next: a folder that nobody else can write to, or nowhere.
 *
 * Node runs what it finds there without looking at it, so whoever can write there can run code as this user. So the
 * folder and every folder above it belong to this user or to root, and neither group nor others may write to them.
 * NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE are obeyed. Where there is no such folder (no home, a read-only
 * disk, `sudo` with another user's home) all works as well, only slower.
 */
const { existsSync, lstatSync, mkdirSync, realpathSync } = require('node:fs')
const { enableCompileCache } = require('node:module')
const { homedir } = require('node:os')
const { dirname, join } = require('node:path')

const WRITABLE_BY_OTHERS = 0o022

/** Has Node keep compiled code, here and in the threads and processes that are started from here. */
exports.keep = () => {
  const { env } = process
  if (env.NODE_COMPILE_CACHE !== undefined || env.NODE_DISABLE_COMPILE_CACHE !== undefined) return
  const folder = exports.cacheFolder(env, process.getuid?.())
  if (folder === undefined) return
  enableCompileCache(folder)
  env.NODE_COMPILE_CACHE = folder
}

/**
 * The folder, made if need be; undefined where none can be trusted. Under systemd it is that of CacheDirectory=, else
 * one in the user's folder for caches. `name`: what is kept in it, Node's compiled code or something else of ours.
 */
exports.cacheFolder = (env, uid, name = 'compiled') => {
  try {
    const [given] = (env.CACHE_DIRECTORY ?? '').split(':')
    const base = given || env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache')
    if (!base.startsWith('/')) return undefined
    if (!isOurs(nearest(base), uid)) return undefined
    const folder = join(base, 'radsluice', name)
    // One by one: `recursive` never ends where the system refuses with ENOENT, and nobody needs a home to be made.
    for (const each of [base, dirname(folder), folder]) make(each)
    // The real path is what was looked at, so it is what is used: a symbolic link on the way may point elsewhere next.
    const real = realpathSync(folder)
    return isOurs(real, uid) ? real : undefined
  } catch {
    return undefined
  }
}

const make = (folder) => {
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 })
}

/** The real path of `path`, or of what is there of it. */
const nearest = (path) => {
  try {
    return realpathSync(path)
  } catch {
    return path === '/' ? '/' : nearest(dirname(path))
  }
}

/** Whether nobody but `uid` and root can put anything at `path`, a real path. */
const isOurs = (path, uid) => {
  const { uid: owner, mode } = lstatSync(path)
  if ((owner !== 0 && owner !== uid) || (mode & WRITABLE_BY_OTHERS) !== 0) return false
  return path === '/' || isOurs(dirname(path), uid)
}
