import { describe, expect, it } from 'vitest'
import { readCommand, SCENARIO_NAMES, USAGE } from '../../../bench/load/bench-command.ts'
import { portsFor } from '../../../bench/load/generator.ts'
import { markdownTable } from '../../../bench/load/result-text.ts'

describe('the command line of the bench', () => {
  it('is quick without a word, and does everything when full', () => {
    expect(readCommand([])).toMatchObject({ pace: { name: 'quick', rounds: 1 }, scenarios: ['compare', 'throttled'] })
    expect(readCommand(['--full'])).toMatchObject({ pace: { name: 'full', rounds: 5 }, scenarios: SCENARIO_NAMES })
  })

  it('takes lists, in the order that the bench knows', () => {
    expect(
      readCommand(['--scenario', 'million,compare', '--kinds', 'access', '--relays', 'radsluice,bare-relay']),
    ).toMatchObject({
      scenarios: ['compare', 'million'],
      kinds: ['access'],
      relays: ['bare relay', 'radsluice'],
    })
  })

  it('compares radsluice with each packet I/O, or with its defaults if that is asked for', () => {
    const command = readCommand([])
    expect(command).toMatchObject({
      relays: [
        'nothing',
        'bare relay',
        'radsluice dgram',
        'radsluice batched at once',
        'radsluice batched',
        'radsecproxy',
        'freeradius',
      ],
      packetIo: 'auto',
      othersAtMost: 0.1,
    })
    expect(readCommand(['--relays', 'radsluice,radsluice-batched-at-once'])).toMatchObject({
      relays: ['radsluice', 'radsluice batched at once'],
    })
  })

  it('takes percentages, minutes and a known rate', () => {
    const words = ['--resolution', '2', '--others', '30', '--minutes', '3', '--rate', '50000', '--packet-io', 'at-once']
    expect(readCommand(words)).toMatchObject({
      pace: { resolution: 0.02, soakSeconds: 180 },
      othersAtMost: 0.3,
      knownRate: 50_000,
      packetIo: 'at-once',
    })
  })

  it.each([
    [['--scenario', 'storm'], /--scenario has "storm"; there are compare/],
    [['--rounds', '0'], /--rounds is from 1 to 15/],
    [['--resolution', '2.5'], /--resolution is from 1/],
    [['--packet-io', 'fast'], /--packet-io has "fast"; there are auto/],
    [['--packet-io', 'dgram,auto'], /--packet-io is one of/],
    [['--quick', '--full'], /either --quick or --full/],
    [['--fast'], /--fast/],
  ])('says what is wrong with %j, and what would be right', (words, sentence) => {
    const answer = readCommand(words)
    expect(answer).toMatch(sentence)
    expect(answer).toContain(USAGE)
  })
})

describe('the load', () => {
  it('has so many source ports that no identifier is used again too soon', () => {
    expect(portsFor({ kind: 'access', rate: 60_000, seconds: 1 })).toBe(118)
    expect(portsFor({ kind: 'access', rate: 100, seconds: 1 })).toBe(16)
    expect(portsFor({ kind: 'access', rate: 20_000, seconds: 1, reuseAfter: 60 })).toBe(1_024)
  })
})

describe('a table in Markdown', () => {
  it('sets columns of numbers to the right', () => {
    const rows = [
      ['radsluice', 40_000],
      ['nothing', 1.5],
    ]
    expect(markdownTable({ title: '', heading: ['relay', 'rate'], rows })).toEqual([
      '| relay | rate |',
      '| --- | --: |',
      '| radsluice | 40,000 |',
      '| nothing | 1.5 |',
    ])
  })
})
