import { describe, expect, it, vi } from 'vitest'
import { Alias } from 'yaml'
import type { ConfigResult } from '../../../src/config/checks/result.ts'
import { formatProblem } from '../../../src/config/source/problem.ts'
import { pathText, Source } from '../../../src/config/source/source.ts'
import { configText, expectProblem, GOOD_SECRET, load, loaded, problemsOf } from '../fixture.ts'

const client = (lines: string): string =>
  `  - name: bng-1\n    address: 192.0.2.0/24\n    secret_file: bng-1\n    ${lines}`
const server = (lines: string): string =>
  `    - name: fr-1\n      address: 198.51.100.10\n      secret_file: fr-1\n      ${lines}`

describe('a good configuration', () => {
  it('is complete with nothing but a client and a server', () => {
    const { clients, farm, alarms, health, ...rest } = loaded({})
    expect(rest).toEqual({
      metrics: { per_client: 'auto' },
      listen: {
        authentication: [{ address: '0.0.0.0', port: 1812 }],
        accounting: [{ address: '0.0.0.0', port: 1813 }],
      },
      admin: { listen: { address: '127.0.0.1', port: 9812 }, tokens: [] },
      instances: 1,
      instances_by: 'port',
      packet_io: 'auto',
      batch_tick: 500,
      throttle: {
        slot: 50_000,
        scope: 'host',
        service_order: 'authentication_first',
        fairness: 'client',
        adaptive: 'off',
      },
      queues: {
        authentication: {
          max_messages: 20_000,
          max_bytes: 32 * 1024 ** 2,
          max_age: 'auto',
          max_age_limit: 5e6,
          max_age_most: 30e6,
          overflow: 'drop_newest',
        },
        accounting: {
          max_messages: 200_000,
          max_bytes: 256 * 1024 ** 2,
          max_age: 3600e6,
          overflow: 'shed_interim_first',
        },
      },
      duplicates: { answer_cache: 5e6, max_answers: 100_000, record_cache: 60e6, max_records: 200_000 },
      accounting: {
        track_sessions: true,
        max_sessions: 200_000,
        session_lifetime: 7_200e6,
        max_port_rate: 100e9,
      },
      drain_limit: 20e6,
      log: { level: 'info', keep_days: 14 },
    })
    expect(clients.map(({ secret: _, ...client }) => client)).toEqual([
      {
        name: 'bng-1',
        address: '192.0.2.0/24',
        require_message_authenticator: 'auto',
        limit_proxy_state: false,
        add_nas_ip_address: 'when_missing',
        accounting: {
          acct_delay_time: 'update',
          synthesize_gigawords: false,
          swap_directions: false,
          erx_ipv6_zeros: 'keep',
          interims: 'all',
        },
        weight: 1,
        max_rate: 0,
        max_share: 100,
        fairness_key: 'client',
        flow_key: 'none',
      },
    ])
    const lane = { max_rate: 0, max_outstanding: 256, timeout: 2e6 }
    const { servers, ...farmSettings } = farm
    expect(farmSettings).toEqual({
      authentication: { algorithm: 'first_server', hash_key: undefined, max_transmissions: 0 },
      accounting: { algorithm: 'first_server', hash_key: undefined, max_transmissions: 0 },
      identifier_quarantine: 5e6,
      max_attributes: 200,
      state: { lifetime: 300e6, max_entries: 200_000 },
      dead_server: {
        consecutive_failures: 4,
        response_timeout: 0,
        dead_time: 600e6,
        probe: 'status_server',
        probe_interval: 10e6,
      },
    })
    expect(servers.map(({ secret: _, ...server }) => server)).toEqual([
      {
        name: 'fr-1',
        address: '198.51.100.10',
        require_message_authenticator: 'auto',
        source_address: undefined,
        source_ports: undefined,
        authentication: { ...lane, port: 1812, max_retries: 1 },
        accounting: { ...lane, port: 1813, max_retries: 2 },
      },
    ])
  })

  it('gives servers the values of the farm, and lets their own go first', () => {
    const farm =
      '  authentication: { max_rate: 500, max_retries: 2 }\n  accounting: { timeout: 7s, max_outstanding: 4000 }'
    const [one] = loaded({ farm, servers: server('authentication: { port: 11812, max_rate: 200, timeout: 1s }') }).farm
      .servers
    expect(one?.authentication).toEqual({
      port: 11_812,
      max_rate: 200,
      max_outstanding: 256,
      timeout: 1e6,
      max_retries: 2,
    })
    expect(one?.accounting).toEqual({ port: 1813, max_rate: 0, max_outstanding: 4000, timeout: 7e6, max_retries: 2 })
  })

  it('lets a server go without a class', () => {
    const servers = `${server('accounting: false')}\n    - { name: fr-2, address: 198.51.100.11, secret_file: fr-2 }`
    const [one, two] = loaded({ servers }).farm.servers
    expect([one?.authentication?.port, one?.accounting?.port]).toEqual([1812, undefined])
    expect([two?.authentication?.port, two?.accounting?.port]).toEqual([1812, 1813])
  })

  it('resolves the hash key, and only where it is used', () => {
    const { authentication, accounting } = loaded({
      farm: '  accounting: { algorithm: hash, hash_key: 3GPP-IMSI }',
    }).farm
    expect(accounting.hash_key).toEqual({ name: '3GPP-IMSI', vendor: 10_415, type: 1 })
    expect(authentication.hash_key).toBeUndefined()
  })

  it('holds secrets as octets that do not print', () => {
    const { clients } = loaded({})
    expect(new TextDecoder().decode(clients[0]?.secret.bytes)).toBe(GOOD_SECRET)
    expect(JSON.stringify(clients)).not.toContain(GOOD_SECRET)
  })

  it('may use anchors, aliases and merge keys', () => {
    const servers =
      '    - &first { name: fr-1, address: 198.51.100.10, secret_file: fr-1, authentication: &lane { max_rate: 7 }, accounting: *lane }\n' +
      '    - { <<: *first, name: fr-2, address: 198.51.100.11 }'
    expect(loaded({ servers }).farm.servers.map(({ name, accounting }) => [name, accounting?.max_rate])).toEqual([
      ['fr-1', 7],
      ['fr-2', 7],
    ])
  })
})

describe('a file that is no configuration', () => {
  const whole = (text: string): unknown => {
    const result = load(text)
    return result.ok ? 'ok' : result.problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
  }

  it('is told what it is', () => {
    const empty = ['1:1 the file is empty; begin with examples/minimal.yaml']
    for (const text of ['', '\n\n', '# nothing\n']) expect(whole(text), JSON.stringify(text)).toEqual(empty)
    const other = ['1:1 the file is no mapping; it begins with keys such as "clients:" and "farm:"']
    for (const text of ['[1, 2]', 'hello', '42']) expect(whole(text), text).toEqual(other)
  })

  it('lacks clients and a farm, and hears of both', () => {
    expect(whole('drain_limit: 1s')).toEqual([
      '1:1 is missing; add it: Who may send requests.',
      '1:1 is missing; add it: The RADIUS servers behind radsluice.',
    ])
  })
})

describe('faults of the YAML', () => {
  const fault = (marked: string, message: string | RegExp): void => expectProblem(marked, '', message)

  it('are placed, and explained without quoting the text', () => {
    fault('clients:\n▶\t- name: x\n', 'a tab indents this line; YAML wants spaces')
    fault('clients: "a▶', 'a character is missing here: a colon, a comma, a closing bracket or a closing quote')
    fault('a: [1\n▶b: 2\n', /^the indentation does not fit .* close brackets and braces$/)
    fault('a: 1\n▶---\nb: 2\n', 'the file holds a second document (---); keep one')
    fault('a: ▶!abc\n', 'a value that begins with ! is a tag to YAML; put the value in quotes')
    fault('a: ▶*abc\n', 'this alias has no anchor above it; if the value shall begin with *, put it in quotes')
    fault('a: ▶@abc\n', 'a plain value cannot begin with this character; put the value in quotes')
    fault('a: "▶\\q"\n', /^this is no escape in double quotes/)
  })

  it('stand beside the other problems where a key is there twice', () => {
    const result = load(configText({ top: 'drain_limit: 1s\ndrain_limit: 2s\ninstances: 99' }))
    expect(problemsOf(result)).toEqual([
      'test.yaml:2:1: this key stands twice in one mapping; keep one of the two',
      'test.yaml:3:12: instances: 99 is not possible; write a whole number from 1 to 64, or auto',
    ])
  })

  it('look at each alias once, and not through the whole file for it', () => {
    const resolve = vi.spyOn(Alias.prototype, 'resolve')
    const { faults } = new Source(Array.from({ length: 500 }, (_, i) => `a${i}: *b${i}`).join('\n'))
    expect(faults).toHaveLength(500)
    expect(resolve).not.toHaveBeenCalled()
    resolve.mockRestore()
  })

  it('end a file of aliases that would fill the memory', () => {
    const laughs = Array.from(
      { length: 9 },
      (_, i) =>
        `a${i}: &a${i} [${Array(9)
          .fill(i === 0 ? 'x' : `*a${i - 1}`)
          .join(', ')}]`,
    )
    expectOneMatching(load(laughs.join('\n')), /aliases of this file cannot be resolved/)
    expectOneMatching(load('a: &a [ *a ]'), /aliases of this file cannot be resolved|unknown key/)
  })
})

describe('faults of the structure', () => {
  it('unknown keys, with the key that was meant', () => {
    expectProblem(
      { farm: '  authentication: { ▶max_rte: 5 }' },
      'farm.authentication.max_rte',
      'unknown key; did you mean "max_rate"?',
    )
    expectProblem({ top: '▶drian_limit: 5s' }, 'drian_limit', 'unknown key; did you mean "drain_limit"?')
  })

  it('keys that belong deeper, with their place', () => {
    expectProblem(
      { servers: server('▶max_rate: 5') },
      'farm.servers[0].max_rate',
      'unknown key; did you mean "authentication.max_rate" or "accounting.max_rate"?',
    )
  })

  it('unknown keys that are near nothing, with what is known there', () => {
    expectProblem(
      { top: 'log: { ▶colour: blue }' },
      'log.colour',
      'unknown key; known here: level, directory, keep_days',
    )
  })

  it('missing keys, with their meaning', () => {
    expectProblem(
      { clients: '  - ▶name: bng-1\n    secret_file: bng-1' },
      'clients[0].address',
      'is missing; add it: Where its packets come from.',
    )
    expectProblem(
      { servers: '    - ▶{ address: 198.51.100.1, secret_file: x }' },
      'farm.servers[0].name',
      'is missing; add it: The name of the server in logs and metrics.',
    )
  })

  it('keys without a value', () => {
    expectProblem({ top: '▶queues:' }, 'queues', 'has no value; write one, or remove the key')
    expectProblem(
      { servers: server('▶authentication:') },
      'farm.servers[0].authentication',
      'has no value; write one, or remove the key',
    )
  })

  it('values of another type', () => {
    expectProblem(
      { top: 'queues: ▶5' },
      'queues',
      'a number stands where a mapping belongs; write its keys on lines of their own below',
    )
    expectProblem(
      { top: 'listen: { accounting: ▶"0.0.0.0:1813" }' },
      'listen.accounting',
      'text stands where a list belongs; write it in brackets or with dashes',
    )
    expectProblem(
      { clients: client('limit_proxy_state: ▶yes') },
      'clients[0].limit_proxy_state',
      '"yes" is not true or false; write one of the two',
    )
    expectProblem(
      { farm: '  accounting: { max_rate: ▶"5" }' },
      'farm.accounting.max_rate',
      '"5" is no whole number; write digits alone',
    )
    expectProblem(
      { farm: '  accounting: { max_rate: ▶2.5 }' },
      'farm.accounting.max_rate',
      '2.5 is no whole number; write digits alone',
    )
    expectProblem(
      { servers: server('accounting: ▶no') },
      'farm.servers[0].accounting',
      'write a mapping of settings, or false to switch it off',
    )
    expectProblem(
      { farm: '  accounting: { algorithm: hash, hash_key: ▶31 }' },
      'farm.accounting.hash_key',
      'a number stands where text belongs; put it in quotes',
    )
  })

  it('values out of range', () => {
    expectProblem(
      { farm: '  accounting: { max_outstanding: ▶4001 }' },
      'farm.accounting.max_outstanding',
      '4001 is out of range; write 1 to 4000',
    )
    expectProblem(
      { servers: server('accounting: { port: ▶0 }') },
      'farm.servers[0].accounting.port',
      '0 is out of range; write 1 to 65535',
    )
    expectProblem(
      { farm: '  authentication: { timeout: ▶2h }' },
      'farm.authentication.timeout',
      '2h is out of range; write 10ms to 1m',
    )
    expectProblem(
      { farm: '  dead_server: { probe_interval: ▶999ms }' },
      'farm.dead_server.probe_interval',
      '999ms is out of range; write 1s to 1h',
    )
    expectProblem({ top: 'throttle: { slot: ▶999us }' }, 'throttle.slot', '999us is out of range; write 1ms to 1s')
    expectProblem({ top: 'batch_tick: ▶1001us' }, 'batch_tick', '1001us is out of range; write 0us to 1000us')
    expectProblem(
      { top: 'instances: ▶65' },
      'instances',
      '65 is not possible; write a whole number from 1 to 64, or auto',
    )
    expectProblem(
      { top: 'instances: ▶0' },
      'instances',
      '0 is not possible; write a whole number from 1 to 64, or auto',
    )
  })

  it('a number of instances that is none', () => {
    expectProblem(
      { top: 'instances: ▶all' },
      'instances',
      '"all" is not possible; write a whole number from 1 to 64, or auto',
    )
    expectProblem(
      { top: 'instances: ▶1.5' },
      'instances',
      '1.5 is not possible; write a whole number from 1 to 64, or auto',
    )
  })

  it('words that are not among the known ones', () => {
    expectProblem(
      { farm: '  accounting: { algorithm: ▶roundrobin }' },
      'farm.accounting.algorithm',
      '"roundrobin" is not one of first_server, round_robin, hash; did you mean "round_robin"?',
    )
    expectProblem(
      { clients: client('require_message_authenticator: ▶true') },
      'clients[0].require_message_authenticator',
      'true is not one of yes, no, auto',
    )
    expectProblem(
      { top: 'queues: { authentication: { overflow: ▶shed_interim_first } }' },
      'queues.authentication.overflow',
      '"shed_interim_first" is not one of drop_newest, drop_oldest',
    )
    for (const [written, meant] of [
      ['station', 'calling_station'],
      ['Calling-Station-Id', 'calling_station'],
      ['User-Name', 'user'],
      ['acct_session_id', 'session'],
    ]) {
      expectProblem(
        { clients: client(`flow_key: ▶${written}`) },
        'clients[0].flow_key',
        `"${written}" is not one of none, user, calling_station, session; did you mean "${meant}"?`,
      )
    }
  })

  it('a word in the place of a duration, and where it may be written', () => {
    expectProblem(
      { top: 'queues: { accounting: { max_age: ▶auto } }' },
      'queues.accounting.max_age',
      '"auto" is no duration; write a whole number and a unit (us, ms, s, m, h), as 1h; auto is for logins only',
    )
    expectProblem(
      { top: 'queues: { authentication: { max_age: ▶automatic } }' },
      'queues.authentication.max_age',
      '"automatic" is no duration; write auto, or a whole number and a unit (us, ms, s, m, h), as 3s or 250ms',
    )
  })

  it('empty lists', () => {
    expectProblem(
      'clients: ▶[]\nfarm: { servers: [ { name: a, address: 198.51.100.1, secret_file: a } ] }',
      'clients',
      'is empty; add at least one',
    )
    expectProblem(
      'clients: [ { name: a, address: 192.0.2.1, secret_file: a } ]\nfarm: { servers: ▶[] }',
      'farm.servers',
      'is empty; add at least one',
    )
  })
})

describe('problems', () => {
  it('come all at once, in the order of the file', () => {
    const text = configText({
      top: 'drain_limit: 5\ninstances: 0',
      clients:
        '  - { name: a, address: 192.0.2.1, secret_file: missing }\n  - { name: a, adress: 192.0.2.1/32, secret_file: b }',
      servers: '    - { name: b, address: 127.0.0.1, secret_file: x, authentication: { port: 1812, timeout: 5 } }',
    })
    expect(problemsOf(load(text)).map((line) => line.split(': ').slice(0, 2).join(' '))).toEqual([
      'test.yaml:1:14 drain_limit',
      'test.yaml:2:12 instances',
      'test.yaml:4:49 clients[0].secret_file',
      'test.yaml:5:5 clients[1].address',
      'test.yaml:5:13 clients[1].name',
      'test.yaml:5:16 clients[1].adress',
      'test.yaml:9:27 farm.servers[0].address',
      'test.yaml:9:78 farm.servers[0].authentication.port',
      'test.yaml:9:93 farm.servers[0].authentication.timeout',
    ])
  })

  it('print as file:line:column, setting, sentence', () => {
    const problem = { file: 'a.yaml', line: 3, column: 7, path: 'farm.servers[0].name', message: 'is missing' }
    expect(formatProblem(problem)).toBe('a.yaml:3:7: farm.servers[0].name: is missing')
    expect(formatProblem({ ...problem, path: '' })).toBe('a.yaml:3:7: is missing')
    expect(formatProblem({ ...problem, line: 0, path: '' })).toBe('a.yaml: is missing')
  })
})

describe('Source.locate', () => {
  it('finds values, keys, items, and what stands around something absent', () => {
    const source = new Source('a: 1\nb:\n  - c: { d: 2 }\n  - &x\n    e: 3\nf: *x\n')
    const place = (path: (string | number)[], at?: 'key'): string => {
      const { line, column } = source.locate(path, at)
      return `${line}:${column}`
    }
    expect(place(['a'])).toBe('1:4')
    expect(place(['a'], 'key')).toBe('1:1')
    expect(place(['b', 0, 'c', 'd'])).toBe('3:13')
    expect(place(['b', 0, 'c', 'd'], 'key')).toBe('3:10')
    expect(place(['b', 0, 'c', 'absent'])).toBe('3:8')
    expect(place(['b', 7])).toBe('3:3')
    expect(place(['f'])).toBe('6:4')
    expect(place(['f', 'e'])).toBe('5:8')
    expect(place(['absent', 'deeper'])).toBe('1:1')
    expect(pathText(['b', 0, 'c', 'd'])).toBe('b[0].c.d')
  })
})

function expectOneMatching(result: ConfigResult, message: RegExp): void {
  const messages = problemsOf(result)
  expect(
    messages.some((line) => message.test(line)),
    messages.join('\n'),
  ).toBe(true)
}
