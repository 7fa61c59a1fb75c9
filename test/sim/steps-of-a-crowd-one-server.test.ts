/**
 * A crowd waits for one server, with the records of ten clients: no entry into the engine takes more steps than with a thousand.
 */
import { expect, it } from 'vitest'
import { CROWD, type CrowdSize } from './crowd.ts'
import { grownFrom } from './steps-process.ts'

const THOUSAND: CrowdSize = { waiting: 1_000, clients: 10, servers: 1 }
const MANY: CrowdSize = { waiting: CROWD, clients: 10, servers: 1 }

it('takes no more steps than a logarithm explains, whatever comes', async () => {
  expect(await grownFrom(THOUSAND, MANY)).toEqual([])
}, 300_000)
