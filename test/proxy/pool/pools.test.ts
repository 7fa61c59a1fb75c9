/**
 * The pools of an engine: found by farm and class, also where there is a second farm.
 */
import { expect, it } from 'vitest'
import { perClass, TRAFFIC_CLASSES } from '../../../src/classes.ts'
import { ONLY_FARM } from '../../../src/proxy/border/options.ts'
import { Pools } from '../../../src/proxy/pool/pool.ts'
import { defaults } from '../options.ts'

it('are one for each class, and there is one farm', () => {
  const pools = new Pools(defaults())
  expect(Array.from(pools, ({ farm, class: each }) => [farm, each])).toEqual(
    TRAFFIC_CLASSES.map((each) => [ONLY_FARM, each]),
  )
})

it('are one for each farm and class where there are two farms', () => {
  const farms = [0, 1]
  const pools = new Pools(defaults(), farms)
  expect(new Set(pools).size).toBe(farms.length * TRAFFIC_CLASSES.length)
  for (const farm of farms) {
    perClass((each) => expect(pools.of({ farm, class: each })).toMatchObject({ farm, class: each }))
  }
})
