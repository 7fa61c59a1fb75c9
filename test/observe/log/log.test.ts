import { describe, expect, it } from 'vitest'
import { Log } from '../../../src/observe/log/log.io.ts'
import type { EngineEvent } from '../../../src/proxy/border/events.ts'
import { instant, seconds } from '../../../src/units.ts'

const now = instant(5_000_000)
const OCTETS = Uint8Array.of(0xde, 0xad, 0xbe, 0xef)
const dropped = (client: string | undefined, bytes = OCTETS): EngineEvent => ({
  kind: 'dropped',
  class: 'authentication',
  reason: 'bad-length',
  client,
  from: { link: 0, address: '2001:db8::1', port: 1645 },
  bytes,
})

function logAt(level: string): { log: Log; lines: () => Record<string, unknown>[] } {
  const written: string[] = []
  const log = new Log(level, { write: (line) => written.push(line), drained: async () => undefined, lost: 0 })
  return { log, lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

describe('the log', () => {
  it('writes an event with its name, level, fields and sentence', () => {
    const { log, lines } = logAt('info')
    log.write('stopped', { uptimeSeconds: 12 })
    expect(lines()).toEqual([
      { level: 'info', time: expect.any(String), event: 'stopped', uptimeSeconds: 12, msg: 'stopped after 12 s' },
    ])
  })

  it('turns a thousand drops of one kind into one line a second, with the count', () => {
    const { log, lines } = logAt('info')
    for (let i = 0; i < 1_000; i += 1) log.note(dropped('bng-1'), now)
    log.flushDue(instant(now + 1_000_000))
    expect(lines().map(({ event, count, client }) => [event, count, client])).toEqual([
      ['dropped', 1, 'bng-1'],
      ['dropped', 999, 'bng-1'],
    ])
  })

  it('keeps clients apart, and takes all unknown ones together', () => {
    const { log, lines } = logAt('info')
    for (const client of ['bng-1', 'bng-2', undefined, undefined]) log.note(dropped(client), now)
    void log.end()
    expect(lines().map(({ client, count }) => [client, count])).toEqual([
      ['bng-1', 1],
      ['bng-2', 1],
      ['an unknown client', 1],
      ['an unknown client', 1],
    ])
  })

  const PACKET = { code: 1, identifier: 9, port: 4_711 }

  it('says when auto learned that somebody signs, and why an unsigned packet was dropped later', () => {
    const { log, lines } = logAt('info')
    log.note({ kind: 'signature-learned', peer: 'client', name: 'bng-1', at: '192.0.2.7', packet: PACKET }, now)
    log.note({ ...dropped('bng-1'), reason: 'missing-message-authenticator' } as EngineEvent, now)
    log.note(dropped('bng-1'), now)
    const [learned, unsigned, other] = lines().map(({ msg }) => String(msg))
    expect(learned).toMatch(
      /client bng-1 signs .* 192\.0\.2\.7, it did so with Access-Request, identifier 9, port 4711: auto has learned it .* require_message_authenticator: no for bng-1$/,
    )
    expect(unsigned).toMatch(
      /dropped: missing-message-authenticator; require_message_authenticator asks for it there, with auto since/,
    )
    expect(other).toMatch(/dropped: bad-length$/)
  })

  it('shows the octets of a packet at level debug only', () => {
    const quiet = logAt('info')
    quiet.log.note(dropped('bng-1'), now)
    expect(JSON.stringify(quiet.lines())).not.toContain('deadbeef')
    const loud = logAt('debug')
    loud.log.note(dropped('bng-1'), now)
    expect(loud.lines()[0]?.['hex']).toBe('deadbeef')
  })

  it('shows them as they came also in a line that is held back: their memory carries others by then', () => {
    const { log, lines } = logAt('debug')
    const bytes = Uint8Array.of(0xbe, 0xef)
    for (let packet = 0; packet < 2; packet += 1) log.note(dropped('bng-1', bytes), now)
    bytes.fill(0)
    log.flushDue(instant(now + 1_000_000))
    expect(lines().map(({ hex }) => hex)).toEqual(['beef', 'beef'])
  })

  it('shows none of a line that was held back before the level became debug: nobody kept them', () => {
    const { log, lines } = logAt('info')
    const bytes = Uint8Array.of(0xbe, 0xef)
    for (let packet = 0; packet < 2; packet += 1) log.note(dropped('bng-1', bytes), now)
    bytes.fill(0xee)
    log.setLevel('debug')
    log.flushDue(instant(now + 1_000_000))
    expect(lines().map(({ hex }) => hex)).toEqual([undefined, undefined])
  })

  it('says where a datagram came from, brackets around an IPv6 address', () => {
    const { log, lines } = logAt('info')
    log.note(dropped('bng-1'), now)
    expect(lines()[0]?.['from']).toBe('[2001:db8::1]:1645')
  })

  it('says by its own name and level what becomes of a server', () => {
    const { log, lines } = logAt('info')
    const change = { kind: 'server-state', lane: 0, server: 'fr-1', class: 'accounting', why: 'silent' } as const
    log.note({ ...change, from: 'active', to: 'not_responding' }, now)
    log.note({ ...change, from: 'not_responding', to: 'down' }, now)
    log.note({ ...change, from: 'down', to: 'active' }, now)
    expect(lines().map(({ event, level, from }) => [event, level, from])).toEqual([
      ['server-not-responding', 'warn', 'Active'],
      ['server-down', 'error', 'Not Responding'],
      ['server-active', 'info', 'Down'],
    ])
  })

  it('promises other servers only where one serves, and calls an act of an operator no error', () => {
    const { log, lines } = logAt('info')
    const change = { kind: 'server-state', lane: 0, server: 'fr-1', class: 'accounting', why: 'silent' } as const
    const down = { ...change, from: 'active', to: 'down' } as const
    log.note({ ...down, isHeld: false, isLast: false }, now)
    log.note({ ...down, isHeld: false, isLast: true }, now)
    log.note({ ...down, isHeld: true, isLast: true }, now)
    const [others, last, held] = lines()
    expect(others).toMatchObject({ event: 'server-down', level: 'error', next: 'its messages go to the other servers' })
    expect(last).toMatchObject({ event: 'server-down', level: 'error' })
    expect(last?.['msg']).toMatch(/; it was the last that served: messages wait within their bounds, \/readyz is 503$/)
    expect(held).toMatchObject({ event: 'server-held-down', level: 'warn', next: last?.['next'] })
  })

  it('says how late a response came, and what the silence of a server points to', () => {
    const { log, lines } = logAt('info')
    const at = { server: 'fr-1', class: 'accounting' } as const
    const late = { after: seconds(3.44), limit: seconds(2) }
    log.note({ kind: 'response-dropped', lane: 0, ...at, reason: 'late', bytes: OCTETS, late }, now)
    const cause = 'answers come after the time-out'
    log.note({ kind: 'unanswered-by-live-server', ...at, client: 'bng', common: [], cause }, now)
    const tried = [{ server: 'fr-1', transmissions: 2 }]
    const given = { kind: 'given-up', class: 'authentication', client: 'bng', tried, untried: undefined } as const
    log.note({ ...given, why: 'no-other-server', cause: `fr-1: ${cause}` }, now)
    expect(lines().map(({ msg }) => msg)).toEqual([
      expect.stringMatching(/: late; the last came 3\.4 s after the first transmission, the time-out is 2\.0 s$/),
      expect.stringMatching(/of the latest: nothing stands out among them; answers come after the time-out$/),
      expect.stringMatching(/no other server is left to ask; fr-1: answers come after the time-out$/),
    ])
  })

  it('leaves out what lies below its level, also after that was changed', () => {
    const { log, lines } = logAt('error')
    log.write('stopped', { uptimeSeconds: 1 })
    log.setLevel('info')
    log.write('stopped', { uptimeSeconds: 2 })
    expect(lines().map(({ uptimeSeconds }) => uptimeSeconds)).toEqual([2])
  })

  it('shows the stack of an internal error', () => {
    const { log, lines } = logAt('info')
    log.note({ kind: 'internal-error', where: 'receive', error: new Error('planted'), bytes: OCTETS }, now)
    expect(lines()[0]).toMatchObject({
      level: 'error',
      where: 'receive',
      error: expect.stringContaining('log.test.ts'),
    })
  })
})
