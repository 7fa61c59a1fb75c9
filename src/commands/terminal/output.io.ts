/**
 * Where a verb writes: data to standard output, messages to standard error, colour only for a person at a terminal.
 *
 * A pipe takes only what its reader has room for. The rest waits in this process, so whoever ends the process waits for `flushed`
 * first. A reader that goes away (`| head`) is no error. A full disk is one.
 */
import { fstatSync, writeSync } from 'node:fs'
import { codedError, systemCodeOf } from '../../coded-error.ts'

const STANDARD_OUTPUT = 1
let goesToFile: boolean | undefined

/**
 * One line of data.
 * @throws a coded error if standard output is a file that can't take it.
 */
export const writeData = (line: string): void => {
  goesToFile ??= isFile()
  if (goesToFile) writeToFile(Buffer.from(`${line}\n`))
  else process.stdout.write(`${line}\n`)
}

/** On a disk that is nearly full, Node's own stream writes a part and takes it for the whole. */
function writeToFile(bytes: Buffer): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(STANDARD_OUTPUT, bytes, at)
  } catch (error) {
    throw codedError('FILE_NOT_WRITABLE', refusedText(error), error)
  }
}

const refusedText = (error: unknown): string =>
  `can't write to standard output (${systemCodeOf(error) ?? String(error)}); make room there, or write elsewhere`

function isFile(): boolean {
  const kind = fstatSync(STANDARD_OUTPUT)
  return !process.stdout.isTTY && (kind.isFile() || kind.isCharacterDevice())
}

/** A value as JSON, for programs. */
export const writeJson = (value: unknown): void => writeData(JSON.stringify(value, null, 2))

/** `value` as JSON if that was asked for, else lines for people. */
export function writeResult(json: boolean, value: unknown, lines: () => readonly string[]): void {
  if (json) writeJson(value)
  else for (const line of lines()) writeData(line)
}

/** One line for people, besides the data. */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const CODES = { red: 31, green: 32, yellow: 33, bold: 1 } as const

/** Colours `text` if standard output is a terminal and NO_COLOR is not set (no-color.org). */
export function coloured(colour: keyof typeof CODES, text: string): string {
  const { NO_COLOR = '' } = process.env
  const wanted = process.stdout.isTTY && NO_COLOR === ''
  return wanted ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text
}

let ended: Promise<0 | 1> | undefined

/**
 * Resolves when nothing more can be written to standard output: with 0 if its reader has gone away, with 1 if the system refuses
 * (with a message on standard error). Never resolves while all is well.
 */
export function outputEnded(): Promise<0 | 1> {
  ended ??= new Promise((resolve) => {
    process.stdout.on('error', (error) => {
      if (systemCodeOf(error) === 'EPIPE') {
        resolve(0)
        return
      }
      say(`radsluice: ${refusedText(error)}`)
      resolve(1)
    })
    // Messages that nobody reads are no failure. With `2>&1 |` they have the same reader as the data.
    process.stderr.on('error', (error) => {
      if (systemCodeOf(error) === 'EPIPE' && isOnePipe()) resolve(0)
    })
  })
  return ended
}

const isOnePipe = (): boolean => {
  const [data, talk] = [fstatSync(process.stdout.fd), fstatSync(process.stderr.fd)]
  return data.dev === talk.dev && data.ino === talk.ino
}

/** Resolves when all that was written has left this process, however slowly it is read, or can't leave it any more. */
export async function flushed(): Promise<void> {
  const left = (stream: NodeJS.WriteStream): Promise<void> =>
    new Promise((resolve) => {
      if (stream.destroyed || stream.writableLength === 0) resolve()
      else stream.write('', () => resolve())
    })
  await Promise.all([left(process.stdout), left(process.stderr)])
}
