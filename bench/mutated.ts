/**
 * A million mutated packets at both sides: nothing crashes, nobody gets a wrong answer, memory stays flat.
 *
 *     scripts/node24 bench/mutated.ts [--count 1000000] [--sockets 50000] [--packet-io batched] [--seed N]
 *
 * First `--count` requests through an engine in this process, on a clock of its own (about four minutes), then `--sockets`
 * requests over UDP through a daemon that carries them as `--packet-io` says. The seed is printed; the same seed gives the same packets. Exit 1 where something was
 * wrong. bench/mutated/engine-run.ts says what is judged.
 */
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { say, writeData } from '../src/commands/terminal/output.io.ts'
import { startDaemon } from './mutated/daemon-stand.ts'
import { CLIENT_SECRET, type EngineRun, runEngine, SERVER_SECRET } from './mutated/engine-run.ts'
import { runSockets, type SocketRun } from './mutated/socket-run.ts'

/** The last sample may be that much above the lowest one of the second half before it. */
const GROWTH_AT_MOST = 1.1
const SLACK = 8 << 20

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '1000000' },
      sockets: { type: 'string', default: '50000' },
      'packet-io': { type: 'string', default: 'batched' },
      seed: { type: 'string', default: String(Date.now() % 0x7fff_ffff) },
    },
  })
  const [count, sockets, seed] = [Number(values.count), Number(values.sockets), Number(values.seed)]
  writeData(`seed ${seed}`)
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const inProcess = runEngine({ count, seed, collect, said: say })
  const failures = engineLines(inProcess)
  if (sockets > 0) failures.push(...socketLines(await overSockets(sockets, seed, values['packet-io'])))
  writeData(failures.length === 0 ? 'PASS' : `FAIL  ${failures.join('; ')}`)
  return failures.length === 0 ? 0 : 1
}

const overSockets = async (count: number, seed: number, packetIo: string): Promise<SocketRun> => {
  const secrets = { clientSecret: CLIENT_SECRET, serverSecret: SERVER_SECRET }
  const stand = await startDaemon({ ...secrets, packetIo })
  try {
    return await runSockets({ count, seed, ...secrets, ...stand })
  } finally {
    await stand.stop()
  }
}

/** Writes what was seen; answers what was wrong. */
function engineLines(run: EngineRun): string[] {
  writeData(
    `engine: ${run.count} requests, ${run.mutatedRequests} of them mutated; ${run.mutatedResponses} mutated responses`,
  )
  writeData(`        ${run.forwarded} forwarded, ${run.answered} answered; internal errors ${run.internalErrors}`)
  writeData(`        heap ${megabytes(run.heap)}`)
  return [
    ...[...run.wrong].map(([what, { times, first }]) => `${times} times ${what}, first at ${first}`),
    ...(run.internalErrors > 0 ? [`${run.internalErrors} internal errors`] : []),
    ...(isFlat(run.heap) ? [] : ['the heap grows']),
  ]
}

function socketLines(run: SocketRun): string[] {
  writeData(
    `daemon over ${run.packetIo}: ${run.count} requests, ${run.mutatedRequests} of them mutated; ${run.mutatedResponses} mutated responses`,
  )
  writeData(
    `        ${run.forwarded} forwarded, ${run.answered} answered; of ${run.good} good ones ${run.goodUnanswered} unanswered`,
  )
  writeData(`        crashes ${run.crashes}, internal errors ${run.internalErrors}, imbalance ${run.imbalance}`)
  writeData(`        memory ${megabytes(run.memory)}`)
  const { goodUnanswered, crashes, internalErrors, imbalance } = run
  return [
    ...[...run.wrong].map(([what, times]) => `${times} times ${what}`),
    ...Object.entries({ goodUnanswered, crashes, internalErrors, imbalance })
      .filter(([, times]) => times > 0)
      .map(([what, times]) => `${what} ${times}`),
  ]
}

const megabytes = (octets: readonly number[]): string =>
  `${octets.map((each) => (each / 1e6).toFixed(1)).join(', ')} MB`

/** The second half of the samples against its own beginning: caches are full by then. */
const isFlat = (samples: readonly number[]): boolean => {
  const half = samples.slice(Math.floor(samples.length / 2))
  const [first] = half
  return first === undefined || half.at(-1)! <= first * GROWTH_AT_MOST + SLACK
}

process.exitCode = await main()
