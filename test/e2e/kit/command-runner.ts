/**
 * The process of `command.ts`: it runs one command of radsluice after the other, each as if it were its own.
 *
 * The words, the folder and the environment come from the test and replace those of this process; what is written to
 * standard output and standard error is kept and sent back with the exit code.
 */
import { createRequire } from 'node:module'
import type { Answered, Asked } from './command.ts'

// What bin/start.cjs does: Node keeps what it has compiled.
createRequire(import.meta.url)('../../../bin/compile-cache.cjs').keep()
const { runCommand } = await import('../../../src/commands/command-line.io.ts')
const { flushed } = await import('../../../src/commands/terminal/output.io.ts')

/** Keeps what is written to `stream`; the function answers it, and begins anew. */
function keptOf(stream: NodeJS.WriteStream): () => string {
  let kept = ''
  stream.write = (text: string | Uint8Array, ...more: unknown[]): boolean => {
    kept += typeof text === 'string' ? text : Buffer.from(text).toString()
    const written = more.at(-1)
    if (typeof written === 'function') process.nextTick(written as () => void)
    return true
  }
  return () => {
    const all = kept
    kept = ''
    return all
  }
}
const [stdout, stderr] = [keptOf(process.stdout), keptOf(process.stderr)]

async function answer({ words, cwd, env }: Asked): Promise<Answered> {
  process.chdir(cwd)
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  const code = await runCommand(words)
  await flushed()
  return { code, stdout: stdout(), stderr: stderr() }
}

const tell = process.send?.bind(process)
// A command sees nobody at the other end: some are for a process of ours only.
delete process.send
process.on('message', (asked: Asked) => void answer(asked).then((answered) => tell?.(answered)))
