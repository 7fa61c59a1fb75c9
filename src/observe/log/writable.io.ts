/**
 * Whether a file can be made in a directory, found out without making one: a directory that is missing is looked for
 * upwards, as `mkdir -p` would, and asked whether it may be written.
 */
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** @throws what the system would say where `name` can't be opened for appending in `directory`. */
export function tryAppend(directory: string, name: string): void {
  const file = join(directory, name)
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) {
    closeSync(openSync(file, constants.O_WRONLY | constants.O_APPEND))
    return
  }
  let above = directory
  for (let found = statSync(above, { throwIfNoEntry: false }); found === undefined; ) {
    above = dirname(above)
    found = statSync(above, { throwIfNoEntry: false })
  }
  // What mkdir says of a file in the directory's place, and of one on the way there.
  const code = above === directory ? 'EEXIST' : 'ENOTDIR'
  if (!statSync(above).isDirectory()) throw Object.assign(new Error(`${above} is no directory`), { code })
  accessSync(above, constants.W_OK | constants.X_OK)
}
