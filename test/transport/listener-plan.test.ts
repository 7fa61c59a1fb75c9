import { describe, expect, it } from 'vitest'
import type { ListenAt } from '../../src/addresses.ts'
import type { TrafficClass } from '../../src/classes.ts'
import {
  changedUnder,
  isToldAfter,
  keyOf,
  type OpenListener,
  presenceOf,
  type Steps,
  stepsOf,
  wantedWith,
} from '../../src/transport/listener-plan.ts'

type Configured = ListenAt & { readonly class: TrafficClass }
type Open = OpenListener

const auth = (address: string, more: Partial<Configured> = {}): Configured => ({
  class: 'authentication',
  address,
  port: 1812,
  ...more,
})
const addressesOf = (list: readonly { readonly address: string }[]): string[] => list.map(({ address }) => address)

/** A machine whose sockets open at once where it has the address, or where `bindable` says so. */
class Machine {
  readonly #configured: readonly Configured[]
  readonly open: Open[] = []
  bindable: readonly string[] = []
  #round = 0

  constructor(...configured: readonly Configured[]) {
    this.#configured = configured
  }

  /** One round with these addresses; what was opened and closed. */
  round(...local: string[]): Pick<Steps<Open>, 'left' | 'returned' | 'close'> & { readonly opened: readonly string[] } {
    const listed = new Set(local)
    const wanted = wantedWith(this.#configured, local)
    const { open, left, returned, close } = stepsOf({ wanted, listed, open: this.open, round: this.#round })
    this.#round += 1
    for (const one of close) this.open.splice(this.open.indexOf(one), 1)
    const opened = open.filter(({ address }) => listed.has(address) || this.bindable.includes(address))
    for (const one of opened) {
      const { address } = one
      this.open.push({ key: keyOf(one), address, wasListed: listed.has(address), roundsAway: 0 })
    }
    return { left, returned, close, opened: addressesOf(opened) }
  }

  get presences(): Record<string, string> {
    return Object.fromEntries(this.open.map((one) => [one.address, presenceOf(one)]))
  }
}

describe('a wildcard of a transport that tells which address was asked', () => {
  const wanted = (...addresses: readonly string[]): string[] =>
    addressesOf([
      ...wantedWith(
        addresses.map((one) => auth(one)),
        ['127.0.0.1', '::1'],
        true,
      ).values(),
    ])

  it('is one socket, which covers each address of its family, class and port', () => {
    expect(wanted('192.0.2.7', '0.0.0.0', '::1')).toEqual(['0.0.0.0', '::1'])
    expect(wanted('0.0.0.0', '::', '2001:db8::1')).toEqual(['0.0.0.0', '::'])
    const others = [auth('0.0.0.0'), auth('192.0.2.7', { port: 1645 }), auth('192.0.2.7', { class: 'accounting' })]
    expect(wantedWith(others, [], true).size).toBe(3)
  })

  it('stays whatever addresses come and go, and is listening', () => {
    const listed = new Set(['127.0.0.1'])
    const only = { key: 'k', address: '0.0.0.0', wasListed: false, roundsAway: 0 }
    for (let round = 0; round < 100; round += 1) {
      const { open, left, returned, close } = stepsOf({ wanted: new Map(), listed, open: [only], round })
      expect([open, left, returned, close]).toEqual([[], [], [], []])
    }
    expect(presenceOf(only)).toBe('listening')
  })

  it('says which addresses of its family came and went', () => {
    const before = new Set(['127.0.0.1', '192.0.2.1', '::1'])
    const now = new Set(['127.0.0.1', '192.0.2.2', '2001:db8::1', '::1'])
    const under = (address: string) => changedUnder({ address, port: 1812 }, before, now)
    expect(under('0.0.0.0')).toEqual({ came: ['192.0.2.2'], went: ['192.0.2.1'] })
    expect(under('::')).toEqual({ came: ['2001:db8::1'], went: [] })
    expect(under('192.0.2.1')).toEqual({ came: [], went: [] })
  })
})

describe('a wildcard', () => {
  it('is a socket for each address of its own family, and for none of the other', () => {
    const local = ['127.0.0.1', '192.0.2.1', '::1', '2001:db8::1', 'fe80::1%eth0', 'fe80::1%eth1']
    expect(addressesOf([...wantedWith([auth('0.0.0.0')], local).values()])).toEqual(['127.0.0.1', '192.0.2.1'])
    expect(addressesOf([...wantedWith([auth('::')], local).values()])).toEqual(local.slice(2))
  })

  it('and an address of its own name one socket once, and that one is configured', () => {
    for (const configured of [
      [auth('0.0.0.0'), auth('192.0.2.1', { optional: true })],
      [auth('192.0.2.1', { optional: true }), auth('0.0.0.0')],
    ]) {
      const wanted = wantedWith(configured, ['192.0.2.1', '192.0.2.2'])
      expect([...wanted.keys()].sort()).toEqual(['authentication 192.0.2.1 1812', 'authentication 192.0.2.2 1812'])
      expect(wanted.get('authentication 192.0.2.1 1812')).toMatchObject({ isOfWildcard: false, optional: true })
    }
  })

  it('opens what comes in the same round, and keeps what leaves for a minute', () => {
    const machine = new Machine(auth('0.0.0.0'))
    expect(machine.round('192.0.2.1').opened).toEqual(['192.0.2.1'])
    expect(machine.round('192.0.2.1', '192.0.2.7').opened).toEqual(['192.0.2.7'])
    expect(addressesOf(machine.round('192.0.2.1').left)).toEqual(['192.0.2.7'])
    expect(machine.presences).toEqual({ '192.0.2.1': 'listening', '192.0.2.7': 'absent' })
    const closed = Array.from({ length: 59 }, () => addressesOf(machine.round('192.0.2.1').close))
    expect(closed.findIndex((of) => of.includes('192.0.2.7'))).toBe(58)
    expect(machine.presences).toEqual({ '192.0.2.1': 'listening' })
  })

  it('takes up the same socket where an address comes back before that', () => {
    const machine = new Machine(auth('0.0.0.0'))
    machine.round('192.0.2.7')
    const [socket] = machine.open
    machine.round()
    const { returned, opened } = machine.round('192.0.2.7')
    expect([returned, opened]).toEqual([[socket], []])
    expect(machine.presences).toEqual({ '192.0.2.7': 'listening' })
  })

  it('closes a link-local socket at once: its interface may come back as another one', () => {
    const machine = new Machine(auth('::'))
    machine.round('fe80::1%eth0')
    const { left, close } = machine.round()
    expect([addressesOf(left), addressesOf(close)]).toEqual([['fe80::1%eth0'], ['fe80::1%eth0']])
    expect(machine.round('fe80::1%eth0').opened).toEqual(['fe80::1%eth0'])
  })
})

describe('a link-local address that is bound before an interface shows it', () => {
  it('is opened again then: the interface may be another than when it was bound', () => {
    const machine = new Machine(auth('fe80::1%eth0'))
    machine.bindable = ['fe80::1%eth0']
    expect(machine.round().opened).toEqual(['fe80::1%eth0'])
    const { close, opened, left } = machine.round('fe80::1%eth0')
    expect([addressesOf(close), opened, left]).toEqual([['fe80::1%eth0'], ['fe80::1%eth0'], []])
    expect(machine.round('fe80::1%eth0')).toMatchObject({ close: [], opened: [], returned: [] })
  })
})

describe('a failure to open', () => {
  const toldOf = (o: Parameters<typeof isToldAfter>[1]): number[] =>
    Array.from({ length: 20 }, (_, at) => at + 1).filter((tries) => isToldAfter(tries, o))

  it('is told once and at once, but of an address that has just come only after some tries', () => {
    expect(toldOf({ isLacking: false, isListed: true })).toEqual([1])
    expect(toldOf({ isLacking: false, isListed: false })).toEqual([1])
    expect(toldOf({ isLacking: true, isListed: true })).toEqual([5])
  })

  it('is none if the machine lacks the address and does not list it', () => {
    expect(toldOf({ isLacking: true, isListed: false })).toEqual([])
  })
})

describe('a configured address', () => {
  it('is tried as soon as it is there, and now and then while it is not', () => {
    const wanted = wantedWith([auth('192.0.2.7')], [])
    const isTried = (round: number): boolean => stepsOf({ wanted, listed: new Set(), open: [], round }).open.length > 0
    expect(Array.from({ length: 21 }, (_, round) => round).filter(isTried)).toEqual([0, 10, 20])
    for (let round = 0; round < 21; round += 1) {
      expect(stepsOf({ wanted, listed: new Set(['192.0.2.7']), open: [], round }).open).toHaveLength(1)
    }
  })

  it('keeps its socket for good, and says once that it left and once that it is back', () => {
    const machine = new Machine(auth('192.0.2.7'))
    machine.round('192.0.2.7')
    const away = Array.from({ length: 500 }, () => machine.round())
    expect(away.flatMap(({ left }) => left)).toHaveLength(1)
    expect(away.flatMap(({ close, opened }) => [...close, ...opened])).toEqual([])
    expect(machine.presences).toEqual({ '192.0.2.7': 'absent' })
    expect(machine.round('192.0.2.7').returned).toHaveLength(1)
    expect(machine.round('192.0.2.7').returned).toEqual([])
    expect(machine.presences).toEqual({ '192.0.2.7': 'listening' })
  })

  it('that can be bound though no interface has it is bound, until one has it', () => {
    const machine = new Machine(auth('192.0.2.7'), auth('127.0.0.2'))
    machine.bindable = ['192.0.2.7', '127.0.0.2']
    machine.round('127.0.0.1')
    expect(machine.presences).toEqual({ '192.0.2.7': 'bound', '127.0.0.2': 'listening' })
    expect(machine.round('127.0.0.1').left).toEqual([])
    expect(addressesOf(machine.round('127.0.0.1', '192.0.2.7').returned)).toEqual(['192.0.2.7'])
    expect(machine.presences['192.0.2.7']).toBe('listening')
    expect(addressesOf(machine.round('127.0.0.1').left)).toEqual(['192.0.2.7'])
    expect(machine.presences['192.0.2.7']).toBe('absent')
  })
})
