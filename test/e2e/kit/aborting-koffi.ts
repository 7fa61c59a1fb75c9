/**
 * Makes koffi a binary that does not quite fit: at the twentieth wait for sockets the process aborts, but not in the self-test.
 *
 *     NODE_OPTIONS=--import=FILE
 */
import { isMainThread } from 'node:worker_threads'
import koffi from 'koffi'

const LAST_WAIT = 20
const isSelfTest = process.argv[1]?.includes('self-test') ?? false

function spoil(): void {
  const { load } = koffi
  let waits = 0
  const spoiltLoad = (name: string | null) => {
    const library = load(name)
    const func = (declaration: string) => {
      const own = library.func(declaration)
      // epoll_pwait2 is called by its number.
      if (!declaration.startsWith('long syscall')) return own
      return (...args: unknown[]): unknown => {
        waits += 1
        if (waits === LAST_WAIT) process.kill(process.pid, 'SIGABRT')
        return own(...args)
      }
    }
    return { func }
  }
  Object.assign(koffi, { load: spoiltLoad })
}

if (!isMainThread && !isSelfTest) spoil()
