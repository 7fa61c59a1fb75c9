/**
 * The operator's page about simulations: every key of a scenario file stands there as the schema has it, and its example
 * is a good one.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { simulate } from '../../src/commands/offline/simulate.io.ts'
import { loadScenario } from '../../src/config/scenario/scenario-load.ts'
import { BUILT_IN } from '../../src/config/scenario/scenario-schema.ts'
import { scenarioRows } from './scenario-rows.ts'

const page = readFileSync(new URL('../../docs/simulating.md', import.meta.url), 'utf8')

describe('docs/simulating.md', () => {
  it('has every key of a scenario file, and no other', () => {
    const table = page.split('| key | range | default | meaning |\n| --- | --- | --- | --- |\n')[1]?.split('\n\n')[0]
    expect(table?.split('\n')).toEqual(scenarioRows())
  })

  it.each(BUILT_IN)('tells of the scenario %s', (word) => {
    expect(page).toContain(`| \`${word}\` |`)
  })

  it('tells of every option of simulate', () => {
    for (const option of Object.keys(simulate.options)) {
      if (option === 'config') expect(page).toContain('-c ')
      else expect(page).toContain(`--${option}`)
    }
  })

  it('has examples of scenarios that can be played', () => {
    const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text)
    expect(examples).toHaveLength(1)
    for (const text of examples)
      expect(loadScenario({ file: { name: 'page', text }, options: [] })).toMatchObject({ ok: true })
  })
})
