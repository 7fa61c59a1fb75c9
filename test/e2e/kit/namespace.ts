/**
 * A process in a network namespace of its own, where only loopback exists, and commands beside it. Needs root.
 */
import { spawnSync } from 'node:child_process'
import { Child, type Ended, run } from './child.ts'
import { CommandProcess } from './command.ts'

const ALONE = ['unshare', '--net'] as const

export const canHaveNamespace = spawnSync(ALONE[0], [ALONE[1], 'ip', 'link', 'set', 'lo', 'up']).status === 0

export const titled = (title: string): string =>
  canHaveNamespace
    ? title
    : `${title} [skipped: needs root, and unshare, nsenter and ip (Debian: util-linux, iproute2)]`

/** Every exec keeps the process id, so a signal reaches the program itself. */
export const aloneInNamespace = (...words: readonly [string, ...string[]]): Child =>
  afterSetup('ip link set lo up', ...words)

/** The same, with a line of shell before the program starts. */
export const afterSetup = (setup: string, ...words: readonly [string, ...string[]]): Child =>
  new Child(ALONE[0], [ALONE[1], 'sh', '-c', `${setup} && exec "$0" "$@"`, ...words])

export const beside = (child: Child, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  run('nsenter', [...enter(child), ...words], { env: { ...process.env, ...env } })

/** The words of nsenter that go into its namespace. */
export const enter = (child: Child): string[] => ['--net', '--target', String(child.pid)]

const commands = new WeakMap<Child, CommandProcess>()

/** Runs `radsluice` with these words there, one command after the other, in one process for that namespace. */
export const commandBeside = (child: Child, words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> => {
  const there = commands.get(child) ?? new CommandProcess(['nsenter', ...enter(child)])
  commands.set(child, there)
  return there.run(words, { env: { ...process.env, ...env } })
}
