/**
 * The daemon as `radsluice run -c FILE` runs it, but that its instances have a fault on call (crashing-thread.ts).
 */
import { Daemon, readDaemonOptions } from '../../../src/daemon/daemon.io.ts'

const instanceFile = new URL('./crashing-thread.ts', import.meta.url)
const daemon = await Daemon.start({ ...readDaemonOptions(process.argv[2] ?? ''), instanceFile })
process.on('SIGTERM', () => daemon.stop('SIGTERM'))
process.exitCode = await daemon.ended
