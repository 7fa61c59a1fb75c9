'use strict'
/**
 * Starts the command line: from a checkout the TypeScript sources, else the build in dist/.
 *
 * Any Node can read this file, so that an old one says what it lacks. It also gives Node a folder of this user's where
 * it keeps what it has compiled: a start from there costs half of the time and memory.
 */
var FLOOR = 24
var version = process.versions.node

if (Number(version.split('.')[0]) < FLOOR) {
  process.stderr.write(
    'radsluice: needs Node.js ' + FLOOR + ' or newer, this is ' + version + '; install it and try again\n',
  )
  process.exitCode = 1
} else {
  require('./compile-cache.cjs').keep()
  import(require('node:fs').existsSync(__dirname + '/../src/cli.ts') ? '../src/cli.ts' : '../dist/cli.js')
}
