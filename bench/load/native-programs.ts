/**
 * The generator, the sink and the bare relay are C programs in bench/native, compiled when they are needed. A load of 60,000
 * requests a second must cost less than one core, or the generator would measure itself.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const SOURCES = join(import.meta.dirname, '../native')
const PROGRAMS = ['generator', 'sink', 'relay'] as const
const COMPILERS = ['cc', 'gcc', 'clang']
const COMPILE_WITHIN_MS = 60_000

export type NativePrograms = Readonly<Record<(typeof PROGRAMS)[number], string>>

/** The C compiler's path: `CC` of the environment, or the first of the usual names on the PATH. */
export function findCompiler(): string | undefined {
  const { CC, PATH = '' } = process.env
  if (CC !== undefined && CC !== '') return CC
  const places = PATH.split(delimiter)
  return COMPILERS.flatMap((name) => places.map((place) => join(place, name))).find((file) => existsSync(file))
}

/** Compiles all into `folder`. @throws an Error with a sentence where there is no compiler or it complains. */
export function compileNative(folder: string): NativePrograms {
  const compiler = findCompiler()
  if (compiler === undefined) {
    throw new Error('bench: the load generator is a C program and no C compiler is here: apt install gcc libc6-dev')
  }
  for (const name of PROGRAMS) {
    const words = [
      '-O2',
      '-D_GNU_SOURCE',
      '-Wall',
      '-Wextra',
      '-pthread',
      '-o',
      join(folder, name),
      join(SOURCES, `${name}.c`),
    ]
    const run = spawnSync(compiler, words, { encoding: 'utf8', timeout: COMPILE_WITHIN_MS })
    if (run.status === 0) continue
    const complaint = run.error?.message ?? run.stderr
    throw new Error(
      `bench: ${compiler} cannot compile bench/native/${name}.c (Linux with glibc 2.35 is needed): ${complaint}`,
    )
  }
  const path = (name: string): string => join(folder, name)
  return { generator: path('generator'), sink: path('sink'), relay: path('relay') }
}
