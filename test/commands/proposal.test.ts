/**
 * `plan` and `simulate` propose the same: what one plays is what the other prints, setting by setting; and the defaults
 * that their help tells are those of the scenario.
 */
import { describe, expect, it } from 'vitest'
import { optionsOf, readScenario, SCENARIO_KEYS } from '../../src/commands/input/scenario-input.io.ts'
import * as planning from '../../src/commands/offline/plan.io.ts'
import * as simulating from '../../src/commands/offline/simulate.io.ts'
import type { GivenOption } from '../../src/config/scenario/scenario-load.ts'
import { planLine, proposalFor } from '../../src/simulation/rehearsal/proposal.ts'

const usual = proposalFor(readScenario('storm', [])).demand

/** A line of `plan` as the verb gets it: its defaults, and over them the words. */
function givenBy(line: string): Parameters<typeof planning.proposed>[0] {
  const given = Object.fromEntries(Object.entries(planning.plan.options).map(([name, { default: of }]) => [name, of]))
  const words = line.split(' ').slice(2)
  for (let i = 0; i < words.length; i += 2) {
    const text = words[i + 1] ?? ''
    given[words[i]?.slice(2) ?? ''] = /^\d+$/.test(text) ? Number(text) : text
  }
  return given as Parameters<typeof planning.proposed>[0]
}

const option = (name: string, path: string[], value: unknown): GivenOption => ({ option: name, path, value })

describe('simulate without -c', () => {
  it.each<[word: string, options: GivenOption[], servers: number | undefined, line: string]>([
    ['storm', [], undefined, 'radsluice plan --sessions 40000 --servers 2 --capacity 400'],
    ['storm', [option('sessions', ['sessions'], 500)], 3, 'radsluice plan --sessions 500 --servers 3 --capacity 400'],
    ['mixed', [], 4, 'radsluice plan --sessions 40000 --servers 4 --capacity 400 --bngs 4'],
    [
      'outage',
      [
        option('capacity', ['servers', 'capacity'], 90),
        option('timeout', ['clients', 'timeout'], '2500ms'),
        option('tries', ['clients', 'tries'], 5),
        option('latency', ['servers', 'latency'], '80ms'),
      ],
      1,
      'radsluice plan --sessions 40000 --servers 1 --capacity 90 --timeout 2500ms --tries 5 --round-trip 160ms',
    ],
    [
      'interim',
      [option('interim-period', ['accounting', 'interim_period'], '5m')],
      undefined,
      'radsluice plan --sessions 40000 --servers 2 --capacity 400 --interim-period 300s',
    ],
    [
      'storm',
      [option('accounting', ['accounting'], false)],
      undefined,
      'radsluice plan --sessions 40000 --servers 2 --capacity 400 --accounting no',
    ],
  ])('plays what plan prints: %s %j, %s servers', (word, options, servers, line) => {
    const scenario = readScenario(word, options)
    const played = simulating.settingsFor(scenario, { config: undefined, servers })
    expect(played.from).toBe(`as "${line}" prints them`)
    expect(played.options).toEqual(optionsOf(planning.proposed(givenBy(line)).proposal))
  })

  it('is told every part of the demand that plan has an option for', () => {
    const other = proposalFor(
      readScenario('storm', [
        option('sessions', ['sessions'], 700),
        option('bngs', ['bngs'], 7),
        option('tries', ['clients', 'tries'], 6),
      ]),
      { servers: 5, algorithm: 'hash', storm: 300, instances: 2, roundTrip: 70_500, outage: 90_000_000 } as never,
    )
    const { proposal } = planning.proposed(givenBy(planLine(other, usual)))
    expect(proposal.demand).toEqual(other.demand)
  })
})

describe('the defaults that help tells', () => {
  const rows = [planning.plan, simulating.simulate].flatMap(({ options }) => {
    return Object.entries(SCENARIO_KEYS).flatMap(([name, path]) => {
      const said = /\[default: (?:.*, )?(\S+)(?: for a storm)?\]$/.exec(String(options[name]?.describe))?.[1]
      return said === undefined ? [] : [{ name, path: [...path], said }]
    })
  })

  it('are told for nearly every option', () => expect(rows.length).toBeGreaterThan(14))

  it.each(rows)('are those of the scenario: --$name $said', ({ name, path, said }) => {
    const text = name === 'seconds' ? `${said}s` : said
    const value = /^\d+$/.test(text) ? Number(text) : text
    expect(readScenario('storm', [{ option: name, path, value }])).toEqual(readScenario('storm', []))
  })
})
