/**
 * `npm run sim`: seeded worlds in numbers, on all cores, every law watching; docs/simulation.md says what a world is.
 *
 *   npm run sim -- --seeds 10000 [--first-seed M] [--jobs K]   exit 1 where a seed fails; failures are named at once
 *   npm run sim -- --seed N [--trace]                          one seed again; with a line for every event
 *   npm run sim -- --seed N --troubled [--trace]               the same seed's world of servers in trouble
 *   npm run sim -- --hour [--seed N]                           a virtual hour at 200 requests a second, with faults
 *
 * `--seeds` makes both worlds of each seed. Progress goes to stderr; the last line on stdout has the count and the failures.
 */
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type RunResult, runPlan, runSeed, runTroubledSeed } from '../src/simulation/seeds/run.ts'
import type { Observer } from '../src/simulation/world/observer.ts'
import { busyHour } from './busy-hour.ts'
import { RunLog } from './run-log.ts'

/** Seeds that a worker gets at once. */
const BATCH = 20
const WORLDS_OF_A_SEED = 2
const PROGRESS_EVERY_MS = 2_000

/** What a worker is asked, and what it answers. */
interface Batch {
  readonly first: number
  readonly count: number
}

/** The seed of a troubled world is `troubled N`. */
const replay = (seed: string | number): string => {
  const [number, kind] = String(seed).split(' ').reverse()
  return `npm run sim -- --seed ${number}${kind === undefined ? '' : ' --troubled'} --trace`
}

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '200' },
      'first-seed': { type: 'string', default: '1' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
      troubled: { type: 'boolean', default: false },
      hour: { type: 'boolean', default: false },
    },
  })
  const counts = [values.seeds, values['first-seed'], values.jobs, values.seed ?? '1'].map(Number)
  if (!counts.every((count) => Number.isSafeInteger(count) && count >= 0) || Number(values.jobs) === 0) {
    console.error('sim: --seeds, --first-seed, --jobs and --seed take whole numbers')
    return 2
  }
  if (values.hour) return runHour(Number(values.seed ?? 1))
  if (values.seed !== undefined) return runOne(Number(values.seed), values)
  return runMany(Number(values['first-seed']), Number(values.seeds), Number(values.jobs))
}

const runOne = (seed: number, o: { readonly trace: boolean; readonly troubled: boolean }): number => {
  const watch = o.trace ? [new RunLog((line) => console.log(line))] : []
  const result = o.troubled ? runTroubledSeed(seed, { watch }) : runSeed(seed, { watch })
  console.log(sentenceOf(result))
  return result.broken === undefined ? 0 : 1
}

const sentenceOf = ({ seed, broken, digest, steps }: RunResult): string =>
  broken === undefined
    ? `seed ${seed}: ${steps} steps, no law broken, digest ${digest}`
    : `seed ${seed}: ${broken.message}`

/** The hour that docs/simulation.md measures: processor time and memory are printed, not judged. */
const runHour = (seed: number): number => {
  const { plan, end } = busyHour(seed)
  let requests = 0
  const count: Observer = {
    received: () => {
      requests += 1
    },
  }
  const before = process.cpuUsage()
  const result = runPlan(plan, end, [count])
  const { user, system } = process.cpuUsage(before)
  console.log(sentenceOf(result))
  const memory = Math.round(process.resourceUsage().maxRSS / 1024)
  console.log(`${requests} requests came in, ${Math.round(requests / 3_600)} a second`)
  console.log(`a virtual hour took ${((user + system) / 1e6).toFixed(1)} s of processor time and at most ${memory} MiB`)
  return result.broken === undefined ? 0 : 1
}

const runMany = async (first: number, seeds: number, jobs: number): Promise<number> => {
  const started = performance.now()
  const failed: RunResult[] = []
  let next = first
  let done = 0
  const progress = setInterval(() => say(`${done} of ${seeds} seeds, ${failed.length} failed`), PROGRESS_EVERY_MS)
  const work = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const giveBatch = (): void => {
        const count = Math.min(BATCH, first + seeds - next)
        if (count <= 0) {
          void worker.terminate().then(() => resolve())
          return
        }
        worker.postMessage({ first: next, count } satisfies Batch)
        next += count
      }
      worker.on('error', reject)
      worker.on('message', (results: RunResult[]) => {
        done += results.length / WORLDS_OF_A_SEED
        for (const result of results) {
          if (result.broken === undefined) continue
          failed.push(result)
          console.log(`${sentenceOf(result)}\n  ${replay(result.seed)}`)
        }
        giveBatch()
      })
      giveBatch()
    })
  const workers = Array.from(
    { length: Math.min(jobs, Math.ceil(seeds / BATCH)) },
    () => new Worker(fileURLToPath(import.meta.url), { workerData: 'seeds' }),
  )
  await Promise.all(workers.map(work))
  clearInterval(progress)
  const took = ((performance.now() - started) / 1_000).toFixed(0)
  const range = seeds === 0 ? '' : ` (${first} to ${first + seeds - 1})`
  console.log(`${done} seeds${range}, ${WORLDS_OF_A_SEED} worlds each, ${failed.length} failed, ${took} s`)
  return failed.length === 0 && done === seeds ? 0 : 1
}

const say = (line: string): void => {
  process.stderr.write(process.stderr.isTTY ? `\r${line} ` : `${line}\n`)
}

const serveBatches = (): void => {
  parentPort?.on('message', ({ first, count }: Batch) => {
    const seeds = Array.from({ length: count }, (_, offset) => first + offset)
    parentPort?.postMessage(seeds.flatMap((seed) => [runSeed(seed), runTroubledSeed(seed)]))
  })
}

if (!isMainThread && workerData === 'seeds') serveBatches()
else if (isMainThread) process.exitCode = await main()
