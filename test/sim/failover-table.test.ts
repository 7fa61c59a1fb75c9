/**
 * Failover works out of the box: with the defaults of the schema, no login is lost whose client sends three times, and the
 * situations of server health keep their promises. `scripts/node24 bench/failover-table.ts` prints the figures.
 */
import { describe, expect, it } from 'vitest'
import {
  BEGINNINGS,
  isWithinCapacity,
  PACES,
  PATIENCES,
  playFailover,
  SERVER_FAULTS,
} from '../../bench/failover/cases.ts'
import { defaultOptions } from '../../bench/failover/rig.ts'
import { brokenPromises, playSituation, SITUATIONS } from '../../bench/failover/situations.ts'

const options = defaultOptions()
const SLOW_PACES = PACES.filter(({ name }) => name !== '500/s')
const [FASTEST] = PACES.filter(({ name }) => name === '500/s')
const [LEAST_PATIENT] = PATIENCES

describe('with the first of two servers in trouble', () => {
  for (const fault of SERVER_FAULTS) {
    it.each(SLOW_PACES)(`${fault}, and logins $name, none is lost`, (pace) => {
      const cases = PATIENCES.flatMap((patience) =>
        BEGINNINGS.map((beginning) => ({ fault, pace, patience, beginning })),
      )
      expect(cases.map((one) => playFailover(one, options).lost)).toEqual(cases.map(() => 0))
    })
  }

  it.each(['silent', 'port closed'] as const)('%s, and 500 logins a second, none is lost', (fault) => {
    for (const beginning of BEGINNINGS) {
      const { lost } = playFailover({ fault, pace: FASTEST!, patience: LEAST_PATIENT, beginning }, options)
      expect(lost).toBe(0)
    }
  })

  it('a server that is slow, but in time, is judged by its capacity alone', () => {
    const one = { fault: 'slow', patience: LEAST_PATIENT, beginning: BEGINNINGS[0] } as const
    expect(isWithinCapacity({ ...one, pace: FASTEST! }, options)).toBe(false)
    for (const pace of SLOW_PACES) expect(isWithinCapacity({ ...one, pace }, options)).toBe(true)
  })
})

describe('the situations of server health', () => {
  it.each(SITUATIONS)('$name', (situation) => {
    expect(brokenPromises(situation, playSituation(situation, options), options)).toEqual([])
  })

  it('are found broken where they are', () => {
    const [situation] = SITUATIONS
    const figures = { downs: 1, downAfter: 31, logins: 3, lost: 1, late: 0, firstChoice: 50, recordsGivenUp: 1 }
    const strict = { ...situation!, losesNone: true, isAvoided: true } as const
    expect(brokenPromises({ ...strict, promise: 'never Down' }, figures, options)).toHaveLength(4)
    expect(brokenPromises({ ...strict, promise: 'Down within 30 s' }, figures, options)).toHaveLength(4)
  })
})
