/**
 * A link that doubles datagrams.
 */
import { expect, it } from 'vitest'
import { Agenda } from '../../../src/simulation/peers/agenda.ts'
import { NO_FAULTS, SimulatedLink } from '../../../src/simulation/peers/network.ts'
import { Random } from '../../../src/simulation/peers/random.ts'
import { instant, micros, millis } from '../../../src/units.ts'

it.each([
  { apart: undefined, second: 200 },
  { apart: millis(1), second: 1_200 },
])('delivers the second of two $apart microseconds later', ({ apart, second }) => {
  const agenda = new Agenda(instant(0))
  const times: number[] = []
  const faults = { ...NO_FAULTS, delay: micros(200), duplicate: 1, ...(apart === undefined ? {} : { apart }) }
  const deliver = (_to: string, _bytes: Uint8Array, now: number): void => void times.push(now)
  new SimulatedLink<string>(faults, { agenda, random: new Random(1), deliver }).send('a', new Uint8Array(1), agenda.now)
  while (agenda.nextAt < 10_000) agenda.step()
  expect(times).toEqual([200, second])
})
