import { describe, expect, it } from 'vitest'
import { client, configText, expectClean, expectProblem, expectWarning, load, loaded, server } from '../fixture.ts'

describe('names', () => {
  it('stand for one client and one server each', () => {
    expectProblem(
      { clients: [client('a', '192.0.2.1'), client('▶a', '192.0.2.2')].join('\n') },
      'clients[1].name',
      'clients[0].name is "a" too; give each client a name of its own',
    )
    expectProblem(
      { servers: [server('fr', '198.51.100.1'), server('▶fr', '198.51.100.2')].join('\n') },
      'farm.servers[1].name',
      'farm.servers[0].name is "fr" too; give each server a name of its own',
    )
  })

  it('may be shared by a client and a server', () => {
    expectClean({ clients: client('a', '192.0.2.1'), servers: server('a', '198.51.100.1') })
  })
})

describe('packet I/O over dgram', () => {
  it('makes what only batched packet I/O can do a warning', () => {
    const message = 'has no effect with packet_io: dgram; write packet_io: auto, or remove this'
    expectWarning({ top: 'packet_io: dgram\ninstances_by: ▶address' }, 'instances_by', message)
    expectWarning({ top: 'packet_io: dgram\nbatch_tick: ▶0us' }, 'batch_tick', message)
    for (const use of ['auto', 'batched']) {
      expectClean({ top: `packet_io: ${use}\ninstances_by: address\nbatch_tick: 1ms` })
    }
    expectClean({ top: 'packet_io: dgram' })
  })
})

describe('client networks', () => {
  it('are given once, however they are written', () => {
    const same = [
      ['192.0.2.0/24', '192.0.2.0/24'],
      ['192.0.2.1', '192.0.2.1/32'],
      ['"2001:db8::1"', '"2001:DB8:0:0::1"'],
      ['192.0.2.1', '"::ffff:192.0.2.1"'],
    ]
    for (const [first, second] of same) {
      const clients = [client('a', String(first)), client('b', `▶${second}`)].join('\n')
      expectProblem(
        { clients },
        'clients[1].address',
        / is the network of clients\[0\]\.address already; keep one of the two$/,
      )
    }
  })

  it('may overlap', () => {
    expectClean({
      clients: [
        client('a', '192.0.2.0/24'),
        client('b', '192.0.2.0/25'),
        client('c', '192.0.2.0/32'),
        client('d', '192.0.0.0/8'),
      ].join('\n'),
    })
  })

  it('are warned about where bits stand after the prefix', () => {
    expectWarning(
      { clients: client('a', '▶192.0.2.7/24') },
      'clients[0].address',
      '192.0.2.7/24 has bits after its prefix and is taken for 192.0.2.0/24; write that, or 192.0.2.7 for the one address',
    )
    expectWarning(
      { top: 'listen: { authentication: ["0.0.0.0:1812", "[::]:1812"] }', clients: client('a', '▶"2001:db8::1/64"') },
      'clients[0].address',
      /^2001:db8::1\/64 has bits after its prefix/,
    )
  })
})

describe('listeners', () => {
  const listen = (authentication: string, accounting: string): string =>
    `listen: { authentication: [${authentication}], accounting: [${accounting}] }`

  it('are given once', () => {
    expectProblem(
      { top: listen('"0.0.0.0:1812", ▶"0.0.0.0:1812"', '"0.0.0.0:1813"') },
      'listen.authentication[1]',
      '0.0.0.0:1812 is listen.authentication[0] already; remove one of the two',
    )
    expectProblem(
      { top: listen('"[::]:1812"', '▶"[0:0::]:1812"') },
      'listen.accounting[0]',
      '[::]:1812 is listen.authentication[0] already; remove one of the two',
    )
  })

  it('of two classes do not cover each other', () => {
    expectProblem(
      { top: listen('"0.0.0.0:1812"', '▶"203.0.113.5:1812"') },
      'listen.accounting[0]',
      '203.0.113.5:1812 and listen.authentication[0] (0.0.0.0:1812) overlap; give the two classes ports of their own',
    )
  })

  it('of one class may, and one of them is too many', () => {
    expectWarning(
      { top: listen('"203.0.113.5:1812", ▶"0.0.0.0:1812"', '"0.0.0.0:1813"') },
      'listen.authentication[1]',
      '0.0.0.0:1812 and listen.authentication[0] (203.0.113.5:1812) overlap; one of the two is enough',
    )
  })

  it('of two families and of two addresses are apart', () => {
    expectClean({ top: listen('"0.0.0.0:1812", "[::]:1812", "[::]:1645"', '"203.0.113.5:1813", "127.0.0.1:1813"') })
  })

  it('are there at all', () => {
    expectProblem(
      { top: 'listen: ▶{ authentication: [], accounting: [] }' },
      'listen',
      'nothing listens; give authentication or accounting an address',
    )
  })

  it('have a server that takes their class', () => {
    const sentence =
      'no server takes accounting, and clients may send it; remove "accounting: false" from a server, or write "accounting: []" under listen'
    expectProblem(
      { top: 'listen: { accounting: ▶["0.0.0.0:1813"] }', servers: server('a', '198.51.100.1', ', accounting: false') },
      'listen.accounting',
      sentence,
    )
    expectProblem(
      { servers: server('a', '198.51.100.1', ', accounting: ▶false') },
      'farm.servers[0].accounting',
      sentence,
    )
  })
})

describe('the admin address', () => {
  it('is warned about where other machines reach it', () => {
    expectWarning(
      { top: 'admin: { listen: ▶"0.0.0.0:9812" }' },
      'admin.listen',
      '0.0.0.0:9812 is reached from other machines, and whoever reaches it may read; add token_file, or write "127.0.0.1:9812"',
    )
    for (const address of ['127.0.0.1', '127.0.0.9', '[::1]']) expectClean({ top: `admin: { listen: "${address}:1" }` })
  })

  it('is warned about where its port is a listener’s', () => {
    expectWarning(
      { top: 'admin: { listen: ▶"127.0.0.1:1813" }' },
      'admin.listen',
      /^127\.0\.0\.1:1813 is the port of listen\.accounting\[0\] too; one is TCP and one UDP/,
    )
  })
})

describe('the hash', () => {
  it('needs a key', () => {
    expectProblem(
      { farm: '  accounting: { algorithm: ▶hash }' },
      'farm.accounting.algorithm',
      '"hash" needs to know by which attribute; add hash_key, as hash_key: Calling-Station-Id',
    )
  })

  it('needs a key that a dictionary knows', () => {
    expectProblem(
      { farm: '  accounting: { algorithm: hash, hash_key: ▶3GPP-IMS }' },
      'farm.accounting.hash_key',
      '"3GPP-IMS" is no attribute of the dictionary; did you mean "3GPP-IMSI"?',
    )
    expectProblem(
      { farm: '  accounting: { algorithm: hash, hash_key: ▶colour }' },
      'farm.accounting.hash_key',
      '"colour" is no attribute of the dictionary; write it as the dictionary does, as 3GPP-IMSI',
    )
  })

  it('is quoted on one line, whatever is written', () => {
    expectProblem(
      { farm: '  accounting: { algorithm: hash, hash_key: ▶"a\\r\\nb" }' },
      'farm.accounting.hash_key',
      '"a\\r\\nb" is no attribute of the dictionary; write it as the dictionary does, as 3GPP-IMSI',
    )
  })

  it('is warned about where its key has no effect', () => {
    expectWarning(
      { farm: '  authentication: { hash_key: ▶User-Name }' },
      'farm.authentication.hash_key',
      'has no effect with algorithm first_server; write algorithm: hash, or remove it',
    )
  })
})

describe('times', () => {
  it('are warned about where authentication waits longer than clients do', () => {
    expectWarning(
      { top: 'queues: { authentication: { max_age: ▶10s } }' },
      'queues.authentication.max_age',
      /^clients give up after 9 to 20 s/,
    )
    expectClean({ top: 'queues: { authentication: { max_age: 9s } }' })
  })

  it('are warned about where probes come faster than RFC 3539 allows', () => {
    expectWarning(
      { farm: '  dead_server: { probe_interval: ▶5s }' },
      'farm.dead_server.probe_interval',
      'RFC 3539 section 3.4.1 asks for 6 s or more between probes; write 6s or more',
    )
    expectClean({ farm: '  dead_server: { probe_interval: 6s }' })
    expectClean({ farm: '  dead_server: { probe_interval: 1s, probe: none }' })
  })

  it('are warned about where answers are kept shorter or longer than RFC 5080 asks', () => {
    for (const kept of ['4s', '31s', '0s']) {
      expectWarning(
        { top: `duplicates: { answer_cache: ▶${kept} }` },
        'duplicates.answer_cache',
        'RFC 5080 section 2.2.2 asks for 5 to 30 s; write 5s',
      )
    }
    for (const kept of ['5s', '30s']) expectClean({ top: `duplicates: { answer_cache: ${kept} }` })
  })

  it('are warned about where an identifier comes back before FreeRADIUS forgot it', () => {
    expectWarning(
      { farm: '  identifier_quarantine: ▶4s' },
      'farm.identifier_quarantine',
      /^FreeRADIUS remembers an identifier for 5 s/,
    )
    expectClean({ farm: '  identifier_quarantine: 5s' })
  })
})

describe('the second pass', () => {
  it('looks at what is good beside what is not', () => {
    const result = load(
      configText({
        top: 'drain_limit: soon\nqueues: { authentication: { max_age: 20s, overflow: none } }',
        farm: '  accounting: { algorithm: hash, max_rate: many }',
        servers: [
          server('fr', '127.0.0.1', ', authentication: { timeout: 5, port: 1812 }, accounting: { port: 11813 }'),
          server('fr', '"nowhere"'),
        ].join('\n'),
      }),
    )
    expect(result.ok ? [] : result.problems.map(({ path }) => path)).toEqual([
      'drain_limit',
      'queues.authentication.overflow',
      'farm.accounting.algorithm',
      'farm.accounting.max_rate',
      'farm.servers[0].authentication.timeout',
      'farm.servers[0].authentication.port',
      'farm.servers[1].name',
      'farm.servers[1].address',
    ])
    expect(result.warnings.map(({ path }) => path)).toEqual(['queues.authentication.max_age'])
  })

  it('says nothing of a configuration of every key at its default', () => {
    expect(
      loaded({
        top: 'listen: {}\nadmin: {}\nthrottle: {}\nqueues: { authentication: {}, accounting: {} }\nduplicates: {}\nlog: {}',
      }),
    ).toEqual(loaded({}))
  })
})

describe('the sessions log', () => {
  it('needs sessions that are tracked', () => {
    const log = 'sessions_log: { directory: sessions }'
    expectProblem(
      { top: `accounting: { track_sessions: false, ${log.replace('{', '▶{')} }` },
      'accounting.sessions_log',
      'no session is tracked, so none is logged; set track_sessions: true, or remove sessions_log',
    )
    expectClean({ top: `accounting: { ${log} }` })
  })
})

describe('time for another server', () => {
  const two = [server('fr-1', '198.51.100.10'), server('fr-2', '198.51.100.11')].join('\n')
  const found = (o: { readonly top?: string; readonly farm?: string; readonly servers?: string }) => {
    const result = load(configText(o))
    return (result.ok ? result.warnings : []).filter(({ message }) => message.includes('another one is'))
  }

  it('is there with the defaults, and with one server nobody asks for it', () => {
    expect(found({ servers: two })).toEqual([])
    expect(found({ farm: '  authentication: { timeout: 3s, max_retries: 5 }' })).toEqual([])
  })

  it.each([
    ['authentication: { timeout: 3s, max_retries: 5 }', 'farm.authentication.max_retries', 'expires'],
    ['authentication: { timeout: 3s }', 'farm.authentication.timeout', 'expires'],
    ['authentication: { max_transmissions: 2 }', 'farm.authentication.max_transmissions', 'max_transmissions'],
    ['accounting: { max_transmissions: 3 }', 'farm.accounting.max_transmissions', 'max_transmissions'],
    ['accounting: { timeout: 60s, max_retries: 70 }', 'farm.accounting.max_retries', 'expires'],
  ])('is missed with %s, and said where it is written', (setting, path, why) => {
    const [warning, ...others] = found({ farm: `  ${setting}`, servers: two })
    expect(warning).toMatchObject({ path })
    expect(warning?.message).toContain(why === 'expires' ? 'expires at a silent server' : 'times at most')
    expect(others).toEqual([])
  })

  it.each([
    ['{ timeout: 3s, max_retries: 1 }', 'write a timeout of 2s or less, or raise'],
    ['{ timeout: 1s, max_retries: 9 }', 'write max_retries: 1, or raise'],
    ['{ timeout: 3s, max_retries: 2 }', 'write max_retries: 1 and a timeout of 2s or less, or raise'],
    ['{ timeout: 6s, max_retries: 0 }', 'write a timeout of 2s or less, or raise'],
  ])('%s is told what to change, and not what is so already', (lane, advice) => {
    const [warning] = found({ farm: `  authentication: ${lane}`, servers: two })
    expect(warning?.message).toContain(advice)
  })

  it('is counted by the age: a shorter one needs shorter time-outs', () => {
    const [warning] = found({ top: 'queues: { authentication: { max_age: 3s } }', servers: two })
    expect(warning).toMatchObject({ path: 'queues.authentication.max_age' })
    expect(warning?.message).toContain('a timeout of 1300ms or less')
  })
})
