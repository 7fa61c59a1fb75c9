/**
 * Where our own command line is, for child processes: cli.ts beside the sources, cli.js beside the build.
 */
import { extname, join } from 'node:path'

export const cliFile = (): string => join(import.meta.dirname, `../cli${extname(import.meta.filename)}`)
