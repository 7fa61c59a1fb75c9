/**
 * Scenario files: layers, defaults, and every kind of mistake with its place.
 */
import { describe, expect, it } from 'vitest'
import { type GivenOption, loadScenario, type ScenarioLayers } from '../../../src/config/scenario/scenario-load.ts'
import { BUILT_IN } from '../../../src/config/scenario/scenario-schema.ts'
import { formatProblem } from '../../../src/config/source/problem.ts'
import { seconds } from '../../../src/units.ts'

const load = (text: string, options: readonly GivenOption[] = []) =>
  loadScenario({ file: { name: 's.yaml', text }, options })

const settingsOf = (layers: ScenarioLayers) => {
  const result = loadScenario(layers)
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.settings
}

const problemsOf = (text: string, options: readonly GivenOption[] = []): string[] => {
  const result = load(text, options)
  return result.ok ? [] : result.problems.map(formatProblem)
}

describe('a scenario', () => {
  it.each(BUILT_IN)('that is built in is a good one: %s', (builtIn) => {
    expect(loadScenario({ builtIn, options: [] })).toMatchObject({ ok: true })
  })

  it('of an empty file is a storm of 40,000 sessions at one BNG', () => {
    const { sessions, bngs, begin, clients, servers } = settingsOf({ file: { name: 's.yaml', text: '' }, options: [] })
    expect({ sessions, bngs, begin, timeout: clients.timeout, capacity: servers.capacity }).toEqual({
      sessions: 40_000,
      bngs: 1,
      begin: 'down',
      timeout: seconds(3),
      capacity: 400,
    })
  })

  it('has the built-in values where the file has none, and the options over both', () => {
    const text = 'based_on: mixed\nsessions: 100\naccounting: { tries: 7 }\n'
    const option: GivenOption = { option: 'interim-period', path: ['accounting', 'interim_period'], value: '90s' }
    const settings = settingsOf({ file: { name: 's.yaml', text }, options: [option] })
    expect(settings.bngs).toBe(4)
    expect(settings.sessions).toBe(100)
    expect(settings.events).toHaveLength(2)
    expect(settings.accounting).toMatchObject({ tries: 7, interim_period: seconds(90) })
  })

  it('gets accounting back by an option that needs it', () => {
    const option: GivenOption = { option: 'interim-period', path: ['accounting', 'interim_period'], value: '90s' }
    const settings = settingsOf({ file: { name: 's.yaml', text: 'accounting: false\n' }, options: [option] })
    expect(settings.accounting).toMatchObject({ interim_period: seconds(90) })
  })
})

describe('a mistake in a scenario is one sentence with its place:', () => {
  it.each([
    ['an unknown key', 'sesions: 5\n', 's.yaml:1:1: sesions: unknown key; did you mean "sessions"?'],
    [
      'an unknown key further in',
      'servers:\n  capcity: 5\n',
      's.yaml:2:3: servers.capcity: unknown key; did you mean "capacity"?',
    ],
    ['a value out of range', 'bngs: 0\n', 's.yaml:1:7: bngs: 0 is out of range; write 1 to 65000'],
    [
      'a bare number for a time',
      'length: 240\n',
      's.yaml:1:9: length: 240 is no duration; write a whole number and a unit (us, ms, s, m, h), as 3s or 250ms',
    ],
    ['a word that is none', 'begin: sideways\n', 's.yaml:1:8: begin: "sideways" is not one of down, up'],
    ['a list', '- a\n', 's.yaml:1:1: the file is no mapping; it begins with keys such as "sessions:"'],
    [
      'broken YAML',
      'a: "b\n',
      's.yaml:2:1: a character is missing here: a colon, a comma, a closing bracket or a closing quote',
    ],
    [
      'more BNGs than sessions',
      'sessions: 3\nbngs: 4\n',
      's.yaml:2:7: bngs: 4 BNGs cannot share 3 sessions; lower bngs',
    ],
    [
      'an event after the end',
      'length: 10s\nevents:\n  - { at: 10s, what: reboot }\n',
      's.yaml:3:11: events[0].at: is not before the end, at 10 s; make length longer, or the event earlier',
    ],
    [
      'a BNG that is not there',
      'events:\n  - { at: 1s, what: reboot, bng: 2 }\n',
      's.yaml:2:34: events[0].bng: there is no BNG 2; bngs is 1',
    ],
    [
      "a key of another event's",
      'events:\n  - { at: 1s, what: reboot, lasts: 3s }\n',
      's.yaml:2:36: events[0].lasts: is a key of silence and loss, not of reboot; remove it',
    ],
    [
      'an event without its length',
      'events:\n  - { at: 1s, what: silence }\n',
      's.yaml:2:5: events[0]: silence needs lasts; add it',
    ],
    [
      'tries and patience',
      'clients: { tries: 3, patience: 9s }\n',
      's.yaml:1:32: clients.patience: tries and patience say the same thing twice; keep one of them',
    ],
    [
      'patience below a time-out',
      'clients: { patience: 1s }\n',
      's.yaml:1:22: clients.patience: is shorter than one time-out; raise it, or lower timeout',
    ],
    [
      'a scenario in which nothing happens',
      'begin: up\naccounting: false\n',
      's.yaml:1:8: begin: nothing would ever happen: all sessions are up, and there are no events, logouts or interim updates',
    ],
    [
      'more than a machine can do',
      'sessions: 1000000\nlength: 24h\n',
      's.yaml:1:11: sessions: 1000000 sessions for 86400 s are too many messages to simulate; lower sessions to 6944, or length',
    ],
  ])('%s', (_, text, sentence) => {
    expect(problemsOf(text)).toEqual([sentence])
  })

  it('an option is named where the option is wrong, not the file', () => {
    const options: GivenOption[] = [{ option: 'sessions', path: ['sessions'], value: 0 }]
    expect(problemsOf('sessions: 5\n', options)).toEqual(['--sessions: 0 is out of range; write 1 to 1000000'])
  })

  it('all of them at once', () => {
    expect(problemsOf('bngs: 0\nseed: x\nlenght: 3s\n')).toHaveLength(3)
  })
})
