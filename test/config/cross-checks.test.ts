import { describe, expect, it } from 'vitest'
import { configText, expectProblem, expectWarning, load, loaded, world } from './fixture.ts'

const client = (name: string, address: string): string => `  - { name: ${name}, address: ${address}, secret_file: x }`
const server = (name: string, address: string, more = ''): string =>
  `    - { name: ${name}, address: ${address}, secret_file: x${more} }`

const good = (parts: Parameters<typeof configText>[0]): void => {
  const result = load(configText(parts))
  expect({ problems: result.ok ? [] : result.problems, warnings: result.warnings }).toEqual({
    problems: [],
    warnings: [],
  })
}

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
    good({ clients: client('a', '192.0.2.1'), servers: server('a', '198.51.100.1') })
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
    good({
      clients: [
        client('a', '192.0.2.0/24'),
        client('b', '192.0.2.0/25'),
        client('c', '192.0.2.0/32'),
        client('d', '0.0.0.0/0'),
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
      { clients: client('a', '▶"2001:db8::1/64"') },
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
    good({ top: listen('"0.0.0.0:1812", "[::]:1812", "[::]:1645"', '"203.0.113.5:1813", "127.0.0.1:1813"') })
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
      '0.0.0.0:9812 is reached from other machines, and there is no password; write "127.0.0.1:9812" unless a firewall guards it',
    )
    for (const address of ['127.0.0.1', '127.0.0.9', '[::1]']) good({ top: `admin: { listen: "${address}:1" }` })
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

  it('is warned about where its key has no effect', () => {
    expectWarning(
      { farm: '  authentication: { hash_key: ▶User-Name }' },
      'farm.authentication.hash_key',
      'has no effect with algorithm first_server; write algorithm: hash, or remove it',
    )
  })
})

describe('a server that is one of our own listeners', () => {
  const loop = (path: string): [string, RegExp] => [
    path,
    /is our own listener listen\.\w+\[0\] .*: requests would go round in a loop; write the address and port of the server$/,
  ]

  it('is found by its address', () => {
    const top = 'listen: { authentication: ["203.0.113.5:1812"], accounting: ["203.0.113.5:1813"] }'
    expectProblem(
      { top, servers: server('a', '▶203.0.113.5', ', accounting: { port: 11813 }') },
      ...loop('farm.servers[0].address'),
    )
    expectProblem(
      { top, servers: server('a', '203.0.113.5', ', authentication: { port: 11812 }, accounting: { port: ▶1813 }') },
      ...loop('farm.servers[0].accounting.port'),
    )
    expectProblem(
      { top, servers: server('a', '203.0.113.5', ', authentication: { port: 11812 }, accounting: { port: ▶1812 }') },
      ...loop('farm.servers[0].accounting.port'),
    )
  })

  it('is found through a wildcard: by a loopback address, or by an address of this machine', () => {
    for (const address of ['127.0.0.1', '127.9.9.9', '203.0.113.5', '"::ffff:127.0.0.1"']) {
      expectProblem(
        { servers: server('a', `▶${address}`, ', accounting: { port: 11813 }') },
        ...loop('farm.servers[0].address'),
      )
    }
    const top = 'listen: { authentication: ["[::]:1812"], accounting: ["[::]:1813"] }'
    for (const address of ['"::1"', '"2001:db8::5"']) {
      expectProblem(
        { top, servers: server('a', `▶${address}`, ', accounting: { port: 11813 }') },
        ...loop('farm.servers[0].address'),
      )
    }
  })

  it('is no other address, no other port, and no other family', () => {
    const ports = ', authentication: { port: 11812 }, accounting: { port: 11813 }'
    good({ servers: server('a', '198.51.100.1') })
    good({ servers: server('a', '127.0.0.1', ports) })
    good({ servers: server('a', '"::1"') })
    good({
      top: 'listen: { authentication: ["127.0.0.1:1812"], accounting: ["127.0.0.1:1813"] }',
      servers: server('a', '127.0.0.2'),
    })
    good({
      top: 'listen: { authentication: ["[::]:1812"], accounting: ["[::]:1813"] }',
      servers: server('a', '127.0.0.1'),
    })
  })

  it('does not count a lane that is switched off', () => {
    const servers = [
      server('a', '127.0.0.1', ', accounting: false, authentication: { port: 5 }'),
      server('b', '198.51.100.1'),
    ].join('\n')
    good({ servers })
  })
})

describe('servers', () => {
  it('are single machines', () => {
    for (const address of ['0.0.0.0', '"::"', '224.0.0.1', '255.255.255.255', '"ff02::1"']) {
      expectProblem(
        { servers: server('a', `▶${address}`) },
        'farm.servers[0].address',
        / is not the address of one machine; write the server's own$/,
      )
    }
  })

  it('are warned about where two stand at one address and port', () => {
    const apart = ', accounting: { port: 2 }'
    const servers = [server('a', '198.51.100.1'), server('b', '▶198.51.100.1', apart)].join('\n')
    expectWarning(
      { servers },
      'farm.servers[1].address',
      '198.51.100.1:1812 is server "a" too; the two limits add up there, so keep one of the two',
    )
    good({
      servers: [server('a', '198.51.100.1'), server('b', '198.51.100.1', `, authentication: { port: 1 }${apart}`)].join(
        '\n',
      ),
    })
  })
})

describe('source addresses', () => {
  const from = (address: string): { servers: string } => ({
    servers: server('a', '198.51.100.1', `, source_address: ${address}`),
  })

  it('are of the server’s family', () => {
    expectProblem(
      from('▶"2001:db8::5"'),
      'farm.servers[0].source_address',
      '2001:db8::5 cannot send to 198.51.100.1; both must be IPv4, or both IPv6',
    )
  })

  it('are real ones', () => {
    expectProblem(
      from('▶0.0.0.0'),
      'farm.servers[0].source_address',
      '0.0.0.0 is no address to send from; leave it out, and the system chooses',
    )
  })

  it('are warned about where this machine does not have them', () => {
    expectWarning(
      from('▶203.0.113.99'),
      'farm.servers[0].source_address',
      '203.0.113.99 is not an address of this machine now; radsluice cannot start until it is',
    )
    good(from('203.0.113.5'))
    const unknown = load(configText(from('203.0.113.99')), { ...world, localAddresses: [] })
    expect(unknown).toMatchObject({ ok: true, warnings: [] })
  })
})

describe('source ports', () => {
  const ports = (range: string, more = ''): string => server('a', '198.51.100.1', `, source_ports: ${range}${more}`)

  it('hold every identifier of both lanes twice, and a probe port for each', () => {
    // 256 outstanding: 512 identifiers, 2 ports and 1 for probes; for both lanes 6.
    good({ servers: ports('20000-20005') })
    expectProblem(
      { servers: ports('▶20000-20004') },
      'farm.servers[0].source_ports',
      '20000-20004 has 5 ports, and this server needs 6; write 20000-20005 or lower max_outstanding',
    )
    // 4000: 8000 identifiers are 31.25 ports, so 32.
    const large = ', authentication: { max_outstanding: 4000 }, accounting: { max_outstanding: 129 }'
    good({ servers: ports('20000-20035', large) })
    expectProblem(
      { servers: ports('▶20000-20034', large) },
      'farm.servers[0].source_ports',
      /has 35 ports, and this server needs 36/,
    )
    // 128: exactly one port.
    const small = ', authentication: { max_outstanding: 128 }, accounting: { max_outstanding: 1 }'
    good({ servers: ports('20000-20003', small) })
    expectProblem({ servers: ports('▶20000-20002', small) }, 'farm.servers[0].source_ports', /needs 4;/)
  })

  it('are needed only by lanes that carry something', () => {
    const servers = [ports('20000-20002', ', accounting: false'), server('b', '198.51.100.2')].join('\n')
    good({ servers })
    good({ top: 'listen: { accounting: [] }', servers: ports('20000-20002') })
  })

  it('belong to one server', () => {
    const other = (range: string, more = ''): string => server('b', '198.51.100.2', `, source_ports: ${range}${more}`)
    expectProblem(
      { servers: [ports('20000-20010'), other('▶20010-20020')].join('\n') },
      'farm.servers[1].source_ports',
      'overlaps the source_ports of server "a"; give each server ports of its own',
    )
    expectProblem(
      { servers: [ports('20000-20010'), other('▶20010-20020', ', source_address: 203.0.113.5')].join('\n') },
      'farm.servers[1].source_ports',
      /^overlaps/,
    )
    good({ servers: [ports('20000-20010'), other('20011-20020')].join('\n') })
    const two = [
      ports('20000-20010', ', source_address: 203.0.113.5'),
      other('20000-20010', ', source_address: 127.0.0.1'),
    ]
    good({ servers: two.join('\n') })
    good({ servers: [ports('20000-20010'), server('b', '"2001:db8::9"', ', source_ports: 20000-20010')].join('\n') })
  })

  it('are no listener’s', () => {
    expectProblem(
      { servers: ports('▶1800-1900') },
      'farm.servers[0].source_ports',
      'contains port 1812 of listen.authentication[0]; choose other ports',
    )
    good({
      top: 'listen: { authentication: ["127.0.0.1:1812"], accounting: ["127.0.0.1:1813"] }',
      servers: ports('1800-1900', ', source_address: 203.0.113.5'),
    })
  })
})

describe('times', () => {
  it('are warned about where authentication waits longer than clients do', () => {
    expectWarning(
      { top: 'queues: { authentication: { max_age: ▶10s } }' },
      'queues.authentication.max_age',
      /^clients give up after 9 to 20 s/,
    )
    good({ top: 'queues: { authentication: { max_age: 9s } }' })
  })

  it('are warned about where probes come faster than RFC 3539 allows', () => {
    expectWarning(
      { farm: '  dead_server: { probe_interval: ▶5s }' },
      'farm.dead_server.probe_interval',
      'RFC 3539 section 3.4.1 asks for 6 s or more between probes; write 6s or more',
    )
    good({ farm: '  dead_server: { probe_interval: 6s }' })
    good({ farm: '  dead_server: { probe_interval: 1s, probe: none }' })
  })

  it('are warned about where answers are kept shorter or longer than RFC 5080 asks', () => {
    for (const kept of ['4s', '31s', '0s']) {
      expectWarning(
        { top: `duplicates: { answer_cache: ▶${kept} }` },
        'duplicates.answer_cache',
        'RFC 5080 section 2.2.2 asks for 5 to 30 s; write 5s',
      )
    }
    for (const kept of ['5s', '30s']) good({ top: `duplicates: { answer_cache: ${kept} }` })
  })

  it('are warned about where an identifier comes back before FreeRADIUS forgot it', () => {
    expectWarning(
      { farm: '  identifier_quarantine: ▶4s' },
      'farm.identifier_quarantine',
      /^FreeRADIUS remembers an identifier for 5 s/,
    )
    good({ farm: '  identifier_quarantine: 5s' })
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
