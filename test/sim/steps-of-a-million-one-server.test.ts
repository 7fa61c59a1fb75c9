/**
 * A million messages wait for one server, with the records of ten clients: no entry into the engine takes more steps than with a thousand.
 */
import { expect, it } from 'vitest'
import type { CrowdSize } from './crowd.ts'
import { growing, stepsOf } from './steps.ts'

const THOUSAND: CrowdSize = { waiting: 1_000, clients: 10, servers: 1 }
const MILLION: CrowdSize = { waiting: 1_000_000, clients: 10, servers: 1 }

it('takes no more steps than a logarithm explains, whatever comes', () => {
  expect(growing([THOUSAND, stepsOf(THOUSAND)], [MILLION, stepsOf(MILLION)])).toEqual([])
}, 300_000)
