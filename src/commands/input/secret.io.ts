/**
 * Secrets and passwords for verbs: from a file or from the environment. Never from the command line, which every user of the
 * machine can read.
 */
import { readFileSync } from 'node:fs'
import { codedError } from '../../coded-error.ts'

/**
 * The text of the file without its last newline, or of the environment variable.
 * @throws a coded error if neither or both are given, or if there is no such file or variable.
 */
export function readSecretText(what: string, { file, env }: Record<'file' | 'env', string | undefined>): string {
  if ((file === undefined) === (env === undefined)) {
    throw codedError('USAGE', `give the ${what} with either --${what}-file FILE or --${what}-env VARIABLE`)
  }
  if (file !== undefined) return readText(file)
  const text = process.env[env ?? '']
  if (text === undefined)
    throw codedError('USAGE', `--${what}-env: the environment has no variable ${env}; set it first`)
  return text
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw codedError('FILE_UNREADABLE', `can't read ${file}: ${(error as Error).message}`, error)
  }
}
