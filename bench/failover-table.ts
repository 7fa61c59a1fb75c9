/**
 * What becomes of logins when servers fail: the failover table and the situations of server health, in the simulator.
 *
 *     scripts/node24 bench/failover-table.ts [--only failover|situations] [--timeout MS] [--max-retries N] [--max-age MS]
 *
 * Prints Markdown. The defaults are the schema's; an option tries others for authentication. Exits 1 where a promise is
 * broken: a login lost whose client sends three times, a server that lives Down, a dead one not Down within 30 s.
 */
import { parseArgs } from 'node:util'
import { writeData } from '../src/commands/terminal/output.io.ts'
import type { EngineOptions } from '../src/proxy/border/options.ts'
import { MICROS_PER_SECOND, millis } from '../src/units.ts'
import { BEGINNINGS, isWithinCapacity, PACES, PATIENCES, playFailover, SERVER_FAULTS } from './failover/cases.ts'
import { defaultOptions } from './failover/rig.ts'
import { brokenPromises, playSituation, SITUATIONS } from './failover/situations.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    timeout: { type: 'string' },
    'max-retries': { type: 'string' },
    'max-age': { type: 'string' },
  },
})

/** The schema's defaults with what the command line says otherwise. */
const tried = (): EngineOptions => {
  const options = defaultOptions()
  const { timeout, 'max-retries': maxRetries, 'max-age': maxAge } = values
  const change = {
    ...(timeout === undefined ? {} : { timeout: millis(Number(timeout)) }),
    ...(maxRetries === undefined ? {} : { maxRetries: Number(maxRetries) }),
  }
  const { authentication } = options.queues
  return {
    ...options,
    servers: options.servers.map((server) => {
      const lane = server.lanes.authentication
      return lane === undefined
        ? server
        : { ...server, lanes: { ...server.lanes, authentication: { ...lane, ...change } } }
    }),
    queues: {
      ...options.queues,
      authentication: maxAge === undefined ? authentication : { ...authentication, maxAge: millis(Number(maxAge)) },
    },
  }
}

const row = (cells: readonly string[]): void => writeData(`| ${cells.join(' | ')} |`)
const inSeconds = (time: number): string => `${(time / MICROS_PER_SECOND).toFixed(1)} s`

const printFailover = (options: EngineOptions): number => {
  let broken = 0
  row([
    'first server',
    'logins',
    'since',
    ...PATIENCES.map(({ gap, sends }) => `${gap} s x ${sends}: lost, worst, Downs`),
  ])
  row(Array.from({ length: 3 + PATIENCES.length }, () => '---'))
  for (const fault of SERVER_FAULTS) {
    for (const pace of PACES) {
      for (const beginning of BEGINNINGS) {
        const cells = PATIENCES.map((patience) => {
          const one = { fault, pace, patience, beginning }
          const { lost, worst, downs } = playFailover(one, options)
          const isJudged = isWithinCapacity(one, options)
          if (isJudged && lost > 0) broken += 1
          return `${lost}${isJudged ? '' : ' (capacity)'}, ${inSeconds(worst)}, ${downs}`
        })
        row([fault, pace.name, beginning, ...cells])
      }
    }
  }
  return broken
}

const printSituations = (options: EngineOptions): number => {
  let broken = 0
  row([
    'situation',
    'Downs',
    'first after',
    'logins',
    'lost',
    'late (> 1 s)',
    'new logins at the first',
    'records given up',
    'promise',
  ])
  row(Array.from({ length: 9 }, () => '---'))
  for (const situation of SITUATIONS) {
    const figures = playSituation(situation, options)
    const promises = brokenPromises(situation, figures, options)
    const { downs, downAfter, logins, lost, late, firstChoice, recordsGivenUp } = figures
    broken += promises.length
    row([
      situation.name,
      String(downs),
      downAfter === undefined ? '-' : `${downAfter.toFixed(1)} s`,
      String(logins),
      String(lost),
      String(late),
      firstChoice === undefined ? '-' : `${firstChoice.toFixed(0)} %`,
      String(recordsGivenUp),
      promises.length === 0 ? 'kept' : promises.join('; '),
    ])
  }
  return broken
}

const options = tried()
let broken = 0
if (values.only !== 'situations') broken += printFailover(options)
if (values.only === undefined) writeData('')
if (values.only !== 'failover') broken += printSituations(options)
process.exitCode = broken === 0 ? 0 : 1
