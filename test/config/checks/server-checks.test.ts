import { describe, expect, it } from 'vitest'
import { configText, expectClean, expectProblem, expectWarning, load, server, world } from '../fixture.ts'

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
    expectClean({ servers: server('a', '198.51.100.1') })
    expectClean({ servers: server('a', '127.0.0.1', ports) })
    expectClean({ servers: server('a', '"::1"') })
    expectClean({
      top: 'listen: { authentication: ["127.0.0.1:1812"], accounting: ["127.0.0.1:1813"] }',
      servers: server('a', '127.0.0.2'),
    })
    expectClean({
      top: 'listen: { authentication: ["[::]:1812"], accounting: ["[::]:1813"] }',
      clients: '  - { name: bng-1, address: "2001:db8::/64", secret_file: bng-1 }',
      servers: server('a', '127.0.0.1'),
    })
  })

  it('does not count a lane that is switched off', () => {
    const servers = [
      server('a', '127.0.0.1', ', accounting: false, authentication: { port: 5 }'),
      server('b', '198.51.100.1'),
    ].join('\n')
    expectClean({ servers })
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
    expectClean({
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
    expectClean(from('203.0.113.5'))
    const unknown = load(configText(from('203.0.113.99')), { ...world, localAddresses: [] })
    expect(unknown).toMatchObject({ ok: true, warnings: [] })
  })
})

describe('source ports', () => {
  const ports = (range: string, more = ''): string => server('a', '198.51.100.1', `, source_ports: ${range}${more}`)

  it('hold every identifier of both lanes twice, and a probe port for each', () => {
    // 256 outstanding: 512 identifiers, 2 ports and 1 for probes; for both lanes 6.
    expectClean({ servers: ports('20000-20005') })
    expectProblem(
      { servers: ports('▶20000-20004') },
      'farm.servers[0].source_ports',
      '20000-20004 has 5 ports, and this server needs 6; write 20000-20005 or lower max_outstanding',
    )
    // 4000: 8000 identifiers are 31.25 ports, so 32.
    const large = ', authentication: { max_outstanding: 4000 }, accounting: { max_outstanding: 129 }'
    expectClean({ servers: ports('20000-20035', large) })
    expectProblem(
      { servers: ports('▶20000-20034', large) },
      'farm.servers[0].source_ports',
      /has 35 ports, and this server needs 36/,
    )
    // 128: exactly one port.
    const small = ', authentication: { max_outstanding: 128 }, accounting: { max_outstanding: 1 }'
    expectClean({ servers: ports('20000-20003', small) })
    expectProblem({ servers: ports('▶20000-20002', small) }, 'farm.servers[0].source_ports', /needs 4;/)
  })

  it('are needed only by lanes that carry something', () => {
    const servers = [ports('20000-20002', ', accounting: false'), server('b', '198.51.100.2')].join('\n')
    expectClean({ servers })
    expectClean({ top: 'listen: { accounting: [] }', servers: ports('20000-20002') })
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
    expectClean({ servers: [ports('20000-20010'), other('20011-20020')].join('\n') })
    const two = [
      ports('20000-20010', ', source_address: 203.0.113.5'),
      other('20000-20010', ', source_address: 127.0.0.1'),
    ]
    expectClean({ servers: two.join('\n') })
    expectClean({
      servers: [ports('20000-20010'), server('b', '"2001:db8::9"', ', source_ports: 20000-20010')].join('\n'),
    })
  })

  it('are no listener’s', () => {
    expectProblem(
      { servers: ports('▶1800-1900') },
      'farm.servers[0].source_ports',
      'contains port 1812 of listen.authentication[0]; choose other ports',
    )
    expectClean({
      top: 'listen: { authentication: ["127.0.0.1:1812"], accounting: ["127.0.0.1:1813"] }',
      servers: ports('1800-1900', ', source_address: 203.0.113.5'),
    })
  })
})
