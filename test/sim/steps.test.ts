/**
 * No entry into the engine takes more steps where more waits, for more servers or for more clients, than a logarithm explains;
 * and the count finds what does.
 */
import { describe, expect, it } from 'vitest'
import { CROWD, Crowd, type CrowdSize } from './crowd.ts'
import { countSteps } from './step-count.ts'
import { growing, type Steps } from './steps.ts'
import { grownFrom } from './steps-process.ts'

const FEW: CrowdSize = { waiting: 1_000, clients: 10, servers: 1 }
const MANY_SERVERS: CrowdSize = { ...FEW, servers: 50 }
const MANY_CLIENTS: CrowdSize = { ...FEW, clients: 20_000 }
const MANY_MESSAGES: CrowdSize = { ...FEW, waiting: CROWD }
const MANY_OF_ALL: CrowdSize = { waiting: CROWD, clients: 20_000, servers: 50 }

it('the steps of each entry grow neither with the servers nor with the clients nor with what waits', async () => {
  expect(await grownFrom(FEW, MANY_SERVERS, MANY_CLIENTS, MANY_MESSAGES, MANY_OF_ALL)).toEqual([])
})

describe('the count of steps', () => {
  const stepsIn = (size: CrowdSize, act: (crowd: Crowd) => void): [CrowdSize, Steps] => {
    const crowd = new Crowd(size)
    return [size, new Map([['entry', countSteps(() => act(crowd))]])]
  }

  it('is the same each time, but for a block that the engine of the language counts or not', () => {
    const login = (crowd: Crowd): void => crowd.login()
    const [[, first], [, second]] = [stepsIn(FEW, login), stepsIn(FEW, login)]
    expect(Math.abs((first.get('entry') ?? 0) - (second.get('entry') ?? 0))).toBeLessThan(5)
  })

  it('finds what looks at every server and at every client, in the source and in built-in methods', () => {
    const small: CrowdSize = { ...FEW, waiting: 100 }
    const finds = (act: (crowd: Crowd) => void, large: CrowdSize): void => {
      expect(growing(stepsIn(small, act), stepsIn(large, act))).toEqual([expect.stringMatching(/^entry: /)])
    }
    finds((crowd) => crowd.engine.inspection.overview(crowd.now), { ...small, servers: 50 })
    finds((crowd) => [...crowd.engine.inspection.clients].sort(), { ...small, clients: 20_000 })
    finds((crowd) => crowd.engine.planFor(crowd.options, crowd.now), { ...small, servers: 50 })
  })
})
