/**
 * What of the clients' turns, rates and ages cannot be, or has no effect, is said with its place and a remedy.
 */
import { describe, expect, it } from 'vitest'
import { configText, expectClean, expectProblem, expectWarning, load, loaded, problemsOf } from '../fixture.ts'

const clientWith = (line: string): string => `  - { name: bng-1, address: 192.0.2.0/24, secret_file: bng-1, ${line} }`

describe('turns', () => {
  it('are there by default, and not where only age counts', () => {
    expect(loaded({}).throttle.fairness).toBe('client')
    expect(loaded({ top: 'throttle: { service_order: fifo }' }).throttle.fairness).toBe('none')
    expectClean({ top: 'throttle: { service_order: fifo, fairness: none }' })
  })

  it('cannot be asked for where only age counts', () => {
    expectProblem(
      { top: 'throttle: { service_order: fifo, fairness: ▶client }' },
      'throttle.fairness',
      'with service_order: fifo the oldest goes first, whoever sent it; remove this, or write service_order: authentication_first',
    )
  })

  it.each([
    ['weight', '▶5'],
    ['max_rate', '▶5'],
    ['fairness_key', '▶address'],
    ['flow_key', '▶user'],
  ])('are what %s needs', (key, value) => {
    const clients = clientWith(`${key}: ${value}`)
    expectWarning(
      { top: 'throttle: { fairness: none }', clients },
      `clients[0].${key}`,
      'has no effect while clients have no turns; write fairness: client, or remove it',
    )
    expectWarning(
      { top: 'throttle: { service_order: fifo }', clients },
      `clients[0].${key}`,
      'has no effect while clients have no turns; write service_order: authentication_first, or remove it',
    )
    expectClean({ clients: clients.replace('▶', '') })
  })

  it('need nothing for a value that is the default, or that is an error', () => {
    const top = 'throttle: { fairness: none }'
    const defaults = 'weight: 1, max_rate: 0, fairness_key: client, flow_key: none, max_share: 100'
    expectClean({ top, clients: clientWith(defaults) })
    expectProblem({ top, clients: clientWith('weight: ▶0') }, 'clients[0].weight', '0 is out of range; write 1 to 100')
  })

  it('are no matter to a share of the queue', () => {
    expectClean({ top: 'throttle: { fairness: none }', clients: clientWith('max_share: 50') })
  })
})

describe('values of a client', () => {
  it.each([
    ['weight: 0', /clients\[0\]\.weight.*1/],
    ['weight: 101', /clients\[0\]\.weight.*100/],
    ['weight: 1.5', /clients\[0\]\.weight/],
    ['max_share: 0', /clients\[0\]\.max_share.*1/],
    ['max_share: 101', /clients\[0\]\.max_share.*100/],
    ['max_rate: -1', /clients\[0\]\.max_rate.*0/],
    ['flow_key: usr', /clients\[0\]\.flow_key.*user/],
    ['fairness_key: addresses', /clients\[0\]\.fairness_key.*address/],
  ])('%s is refused with one sentence', (line, expected) => {
    const problems = problemsOf(load(configText({ clients: clientWith(line) })))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(expected)
  })

  it('max_rate that all servers together never reach is a warning', () => {
    const farm = '  authentication: { max_rate: 200 }\n  accounting: { max_rate: 100, max_outstanding: 100 }'
    const message = 'all servers together take 200 a second, so 300 limits nothing; write less, or remove it'
    expectWarning({ clients: clientWith('max_rate: ▶300'), farm }, 'clients[0].max_rate', message)
    expectClean({ clients: clientWith('max_rate: 199'), farm })
    expectClean({ clients: clientWith('max_rate: 300') })
  })

  it('max_rate is compared with the servers of the classes that something listens for', () => {
    const farm = '  authentication: { max_rate: 100, max_outstanding: 100 }'
    const message = 'all servers together take 100 a second, so 5000 limits nothing; write less, or remove it'
    const top = 'listen: { accounting: [] }'
    expectWarning({ top, clients: clientWith('max_rate: ▶5000'), farm }, 'clients[0].max_rate', message)
    expectClean({ clients: clientWith('max_rate: 5000'), farm })
    const noTurns = { top: `${top}\nthrottle: { fairness: none }`, clients: clientWith('max_rate: ▶5000'), farm }
    expectWarning(noTurns, 'clients[0].max_rate', /^has no effect while clients have no turns/)
  })

  it.each([
    ['a class has no server', 'accounting: false', /no server takes accounting/],
    ['a server has a wrong rate', 'authentication: { max_rate: much }', /max_rate/],
    ['a server can not be read', 'address: 7', /address/],
  ])('max_rate is compared with nothing where %s', (_what, setting, error) => {
    const farm =
      '  authentication: { max_rate: 40, max_outstanding: 40 }\n  accounting: { max_rate: 40, max_outstanding: 40 }'
    const address = setting.startsWith('address') ? setting : `address: 198.51.100.21, ${setting}`
    const servers = `    - { name: fr-1, ${address}, secret_file: fr-1 }`
    const result = load(configText({ clients: clientWith('max_rate: 300'), farm, servers }))
    expect(problemsOf(result).join()).toMatch(error)
    expect(result.warnings).toEqual([])
  })

  it('max_rate beyond what is possible is an error and nothing else', () => {
    const farm = '  authentication: { max_rate: 100, max_outstanding: 100 }'
    const result = load(configText({ clients: clientWith('max_rate: 2000000'), farm }))
    expect(problemsOf(result)).toEqual([expect.stringMatching(/2000000 is out of range; write 0 to 1000000$/)])
    expect(result.warnings).toEqual([])
  })
})

describe('the age of logins', () => {
  it('is auto by default, and one time for accounting', () => {
    expect(loaded({}).queues.authentication.max_age).toBe('auto')
    const [problem] = problemsOf(load(configText({ top: 'queues: { accounting: { max_age: auto } }' })))
    expect(problem).toMatch(/queues\.accounting\.max_age.*"auto" is no duration/)
  })

  it('is refused with a sentence if it is neither auto nor a time in range', () => {
    for (const [age, message] of [
      ['automatic', /"automatic" is no duration; write auto, or a whole number and a unit/],
      ['5', /5 is no duration; write auto/],
      ['1ms', /1ms is out of range; write 10ms to 168h/],
    ] as const) {
      const problems = problemsOf(load(configText({ top: `queues: { authentication: { max_age: ${age} } }` })))
      expect(problems).toHaveLength(1)
      expect(problems[0]).toMatch(message)
    }
  })

  it('of a login that came once is warned of under its own name, if it is longer than any client waits', () => {
    expectWarning(
      { top: 'queues: { authentication: { max_age: auto, max_age_limit: ▶20s } }' },
      'queues.authentication.max_age_limit',
      /clients give up after 9 to 20 s/,
    )
  })

  it('makes limits of auto a warning where it is a time, and where one makes the other useless', () => {
    for (const key of ['max_age_limit', 'max_age_most']) {
      expectWarning(
        { top: `queues: { authentication: { max_age: 5s, ${key}: ▶9s } }` },
        `queues.authentication.${key}`,
        'has no effect, since max_age is 5s and not auto; write max_age: auto, or remove this',
      )
    }
    expectWarning(
      { top: 'queues: { authentication: { max_age_most: ▶3s } }' },
      'queues.authentication.max_age_most',
      'is less than max_age_limit (5s), which then has no effect; write 5s or more',
    )
    expectClean({ top: 'queues: { authentication: { max_age_most: 20s, max_age_limit: 4s } }' })
  })
})
