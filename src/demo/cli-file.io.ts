/**
 * How our own command line is started, for child processes: from the sources and from the build alike.
 */
import { join } from 'node:path'

export const cliFile = (): string => join(import.meta.dirname, '../../bin/start.cjs')
