/**
 * The daemon as `radsluice run -c FILE` runs it, but that the program in `SELF_TEST` (words of JSON) is its self-test.
 */
import { Daemon, readDaemonOptions } from '../../../src/daemon/daemon.io.ts'

const selfTest = JSON.parse(process.env['SELF_TEST'] ?? '[]') as string[]
const daemon = await Daemon.start({ ...readDaemonOptions(process.argv[2] ?? ''), selfTest })
process.on('SIGTERM', () => daemon.stop('SIGTERM'))
process.exitCode = await daemon.ended
