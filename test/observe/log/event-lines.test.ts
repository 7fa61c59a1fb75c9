import { describe, expect, it } from 'vitest'
import { type BoundedLine, errorText, lineOf } from '../../../src/observe/log/event-lines.ts'
import { sentenceOf } from '../../../src/observe/log/events.ts'
import type { ShedReason } from '../../../src/proxy/border/endings.ts'
import type { EngineEvent } from '../../../src/proxy/border/events.ts'
import { seconds } from '../../../src/units.ts'
import { fieldsOf } from './fields-of.ts'

const BYTES = Uint8Array.of(1, 2)
const PACKET = { code: 1, identifier: 9, port: 4_711 }
const LANE = { lane: 0, server: 'fr-1', class: 'accounting' } as const
const PEER = { peer: 'client', name: 'bng', at: '192.0.2.7' } as const
const NO_FIGURES = {
  client: 'bng',
  session: 's',
  user: 'u',
  multiSession: undefined,
  sessionSeconds: null,
  inputOctets: '5',
  outputOctets: null,
  inputPackets: null,
  outputPackets: null,
} as unknown as Extract<EngineEvent, { kind: 'accounting-anomaly' }>['session']

/** One of each kind. */
const ALL: { readonly [Kind in EngineEvent['kind']]: Extract<EngineEvent, { kind: Kind }> } = {
  'server-state': { kind: 'server-state', ...LANE, from: 'active', to: 'down', why: 'silent' },
  'all-servers-down': { kind: 'all-servers-down', class: 'accounting', parked: 3, held: [] },
  'servers-back': { kind: 'servers-back', class: 'accounting', parked: 3 },
  'signature-learned': { kind: 'signature-learned', ...PEER, packet: PACKET },
  'signature-forgotten': { kind: 'signature-forgotten', ...PEER, because: 'silent' },
  'mixed-signing': { kind: 'mixed-signing', ...PEER, packet: PACKET, unsigned: undefined },
  dropped: {
    kind: 'dropped',
    class: 'accounting',
    reason: 'bad-length',
    client: undefined,
    from: { link: 0, address: '192.0.2.7', port: 1645 },
    bytes: BYTES,
  },
  shed: { kind: 'shed', class: 'authentication', reason: 'queue-messages', client: 'bng', record: undefined },
  expired: { kind: 'expired', class: 'accounting', client: 'bng' },
  'given-up': {
    kind: 'given-up',
    class: 'accounting',
    client: 'bng',
    tried: [{ server: 'fr-1', transmissions: 2 }],
    why: 'no-other-server',
    untried: undefined,
    cause: undefined,
  },
  'unanswered-by-live-server': { kind: 'unanswered-by-live-server', ...LANE, client: 'bng', common: [] },
  'response-dropped': { kind: 'response-dropped', ...LANE, reason: 'late', bytes: BYTES },
  'accounting-anomaly': {
    kind: 'accounting-anomaly',
    anomaly: 'counter-fell',
    session: NO_FIGURES,
    record: 'a Stop',
    count: 2,
  },
  'internal-error': { kind: 'internal-error', where: 'receive', error: new Error('planted'), bytes: BYTES },
}
const KINDS = Object.values(ALL)

describe('the line of an event', () => {
  it.each(KINDS)('has the fields of the dictionary, and every one in its sentence: $kind', (event) => {
    const line = lineOf(event)
    const counted = 'kind' in line ? { ...line.fields, count: 1 } : line.fields
    expect(Object.keys(counted).toSorted()).toEqual(fieldsOf(line.name).toSorted())
    expect(sentenceOf(line.name, counted)).not.toContain('undefined')
  })

  it('is bounded by names of the configuration and of closed lists alone', () => {
    const kindOf = (event: EngineEvent): string => (lineOf(event) as BoundedLine).kind
    const { dropped, shed } = ALL
    const elsewhere = { ...dropped.from, address: '192.0.2.8', port: 99 }
    expect(kindOf({ ...dropped, from: elsewhere, bytes: BYTES.slice(1) })).toBe(kindOf(dropped))
    expect(kindOf({ ...dropped, client: 'bng' })).not.toBe(kindOf(dropped))
    expect(kindOf({ ...dropped, reason: 'too-short' })).not.toBe(kindOf(dropped))
    expect(kindOf({ ...shed, record: 'stop' })).not.toBe(kindOf(shed))
    expect(kindOf({ ...ALL['internal-error'], error: new Error('other') })).toBe('internal-error receive')
  })

  it('says of what was shed whether the servers are too slow, or its own client holds too much', () => {
    const textOf = (reason: ShedReason): string => {
      const line = lineOf({ ...ALL.shed, reason })
      return sentenceOf(line.name, { ...line.fields, count: 12 }) + line.hint
    }
    const shed = '12 authentication messages (access-request) of bng were shed: '
    for (const reason of ['queue-messages', 'queue-bytes'] as const)
      expect(textOf(reason)).toBe(`${shed}${reason}; the servers or max_rate are too slow for what comes`)
    expect(textOf('client-share')).toBe(
      `${shed}client-share; it holds all that its max_share allows, and no other client lost anything: look at what it sends, or raise its max_share`,
    )
  })

  it('says what to do where the reason alone does not, and how late a response came', () => {
    const hintOf = (event: EngineEvent): string | undefined => lineOf(event).hint
    expect(hintOf(ALL.dropped)).toBeUndefined()
    expect(hintOf({ ...ALL.dropped, reason: 'missing-message-authenticator' })).toMatch(/"radsluice show learned"/)
    const late = { after: seconds(3.44), limit: seconds(2) }
    expect(hintOf({ ...ALL['response-dropped'], late })).toBe(
      '; the last came 3.4 s after the first transmission, the time-out is 2.0 s',
    )
    expect(hintOf({ ...ALL['given-up'], cause: 'a cause' })).toBe('; a cause')
  })

  it('names who holds the servers Down', () => {
    expect(lineOf(ALL['all-servers-down']).fields['advice']).toBe('look at the servers')
    expect(lineOf({ ...ALL['all-servers-down'], held: ['fr-1'] }).fields['advice']).toContain('fr-1')
  })
})

describe('the text of an error', () => {
  it('has its stack, and is itself where it is no error', () => {
    expect(errorText(new Error('planted'))).toContain('event-lines.test.ts')
    expect(errorText('planted')).toBe('planted')
  })
})
