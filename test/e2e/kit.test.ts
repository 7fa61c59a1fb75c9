/**
 * The kit's own judges, shown to find what they are there to find: each is given a planted fault. A judge that
 * accepts everything would make the tests of this folder worthless, and nobody would notice.
 */
import { describe, expect, it } from 'vitest'
import { readPcap } from './kit/capture.ts'
import { Child } from './kit/child.ts'
import { parseEapol } from './kit/eapol.ts'
import { parseDetail } from './kit/freeradius.ts'
import { parseRadclient } from './kit/radclient.ts'
import { judge, quotaOf, slotAt, slotsPerSecond } from './kit/slot-grid.ts'
import { CODE, MESSAGE_AUTHENTICATOR, papRequest, readMessage, response, responseVerifies } from './kit/wire.ts'

const SLOT = 50_000
/** The backlog stands one microsecond before the second in which `perfect` begins. */
const measured = (departures: readonly number[]) => ({ departures, toleranceMicros: 2_000, backlogFrom: 2_999_999 })

/** What a perfect throttle sends from second 3 to second 5: each slot's quota, 40 us apart, from the slot's start. */
const perfect = (maxRate: number): number[] => {
  const grid = { maxRate, slotMicros: SLOT }
  const departures: number[] = []
  for (let at = 3_000_000; at < 6_000_000; at += 1) {
    const slot = slotAt(grid, at)
    for (let n = 0; n < quotaOf(grid, slot); n += 1) departures.push(at + 30 + n * 5)
    while (at < 6_000_000 && slotAt(grid, at + 100) === slot) at += 100
    while (slotAt(grid, at + 1) === slot) at += 1
  }
  return departures
}

describe('the judge of slots', () => {
  it.each([5, 30, 200, 2000])('accepts a perfect throttle of %i/s', (maxRate) => {
    const departures = perfect(maxRate)
    expect(departures).toHaveLength(3 * maxRate)
    const verdict = judge({ maxRate, slotMicros: SLOT }, measured(departures))
    expect(verdict).toMatchObject({ overQuota: [], excused: 0, unfilled: [], mostInASecond: maxRate })
    expect(verdict.slotsUsed).toBe(3 * slotsPerSecond({ maxRate, slotMicros: SLOT }))
  })

  it.each([5, 30, 200, 2000])('finds one packet too many at %i/s, wherever in a slot it is', (maxRate) => {
    const grid = { maxRate, slotMicros: SLOT }
    for (const extra of [4_400_010, 4_401_500, 4_430_000, 4_598_900]) {
      const departures = [...perfect(maxRate), extra].sort((a, b) => a - b)
      expect(judge(grid, measured(departures)).overQuota).toHaveLength(1)
    }
  })

  it.each([5, 30, 200, 2000])('finds one packet missing at %i/s', (maxRate) => {
    const departures = perfect(maxRate)
    departures.splice(Math.floor(departures.length / 2), 1)
    expect(judge({ maxRate, slotMicros: SLOT }, measured(departures)).unfilled).toHaveLength(1)
  })

  it('excuses a packet that was late or early by less than the tolerance, and none that was later', () => {
    const grid = { maxRate: 200, slotMicros: SLOT }
    const moved = (from: number, to: number) => judge(grid, measured(perfect(200).map((at) => (at === from ? to : at))))
    const lastOfSlot = perfect(200)
      .filter((at) => slotAt(grid, at) === 81)
      .at(-1)!
    expect(moved(lastOfSlot, 4_101_900)).toMatchObject({ overQuota: [], unfilled: [], excused: 1 })
    expect(moved(lastOfSlot, 4_049_000)).toMatchObject({ overQuota: [], unfilled: [], excused: 1 })
    expect(moved(lastOfSlot, 4_047_900)).toMatchObject({ overQuota: [80], unfilled: [81], excused: 0 })
    // Two slots on, nobody's tolerance reaches.
    expect(moved(lastOfSlot, 4_151_000)).toMatchObject({ overQuota: [83], unfilled: [81], excused: 0 })
  })
})

describe('the readers', () => {
  it('verify a response, and refuse it with any one octet changed', () => {
    const request = readMessage(papRequest({ secret: 's3cret', identifier: 9, user: 'alice' }))
    const bytes = response({
      secret: 's3cret',
      request,
      code: CODE.accessAccept,
      attributes: [MESSAGE_AUTHENTICATOR, [18, 'hi']],
    })
    expect(responseVerifies(readMessage(bytes), request.authenticator, 's3cret')).toBe(true)
    for (const at of [0, 1, ...Array.from({ length: bytes.length - 22 }, (_, n) => n + 22)]) {
      if (at === bytes.length - 3) continue // that attribute's length: the packet could not be read at all
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1
      expect(responseVerifies(readMessage(changed), request.authenticator, 's3cret'), `octet ${at}`).toBe(false)
    }
  })

  it('read a detail file, and leave out a record that was cut off', () => {
    const record = 'Sun Nov 22 17:00:00 2026\n\tAcct-Session-Id = "a"\n\tClass = 0x01\n\tClass = 0x02\n\n'
    expect(parseDetail(record + record.slice(0, -1))).toEqual([
      new Map([
        ['Acct-Session-Id', ['a']],
        ['Class', ['0x01', '0x02']],
      ]),
    ])
  })

  it('read what radclient and eapol_test print', () => {
    const printed = [
      'Sent Access-Request Id 1 from 0.0.0.0:1 to 127.0.0.1:2 length 45',
      '\tUser-Name = "alice"',
      'Sent Access-Request Id 1 from 0.0.0.0:1 to 127.0.0.1:2 length 45',
      '\tUser-Name = "alice"',
      'Received Access-Accept Id 1 from 127.0.0.1:2 to 127.0.0.1:1 length 27',
      '\tReply-Message = "hi"',
      '\tTunnel-Type:1 = L2TP',
    ].join('\n')
    expect(parseRadclient(printed)).toMatchObject({ code: 'Access-Accept', sent: 2 })
    expect(parseRadclient(printed).attributes).toEqual([
      ['Reply-Message', '"hi"'],
      ['Tunnel-Type:1', 'L2TP'],
    ])
    expect(parseEapol('MPPE keys OK: 1  mismatch: 0\nSUCCESS\n')).toMatchObject({ success: true, keysOk: 1 })
    expect(parseEapol('MPPE keys OK: 0  mismatch: 1\nFAILURE\n')).toMatchObject({ success: false, keysMismatched: 1 })
  })

  it('read a capture, and leave out a packet that was cut off', () => {
    const header = Buffer.alloc(24)
    header.writeUInt32LE(0xa1b23c4d, 0)
    header.writeUInt32LE(1, 20)
    const packet = Buffer.alloc(16 + 14 + 20 + 8 + 3)
    packet.writeUInt32LE(7, 0)
    packet.writeUInt32LE(500_250, 4)
    packet.writeUInt32LE(45, 8)
    packet[30] = 0x45
    packet.writeUInt16BE(1000, 50)
    packet.writeUInt16BE(1812, 52)
    packet.write('abc', 58)
    const read = readPcap(Buffer.concat([header, packet, packet.subarray(0, 40)]))
    expect(read).toEqual([
      { wallMicros: 7_000_500.25, sourcePort: 1000, destinationPort: 1812, payload: Buffer.from('abc') },
    ])
  })
})

describe('a child of a test', () => {
  it('that leads a group takes along what it started when it is killed', async () => {
    const child = new Child('sh', ['-c', 'sleep 300 & echo started; wait'], { group: true })
    await child.says(/started/)
    // Its output ends when the last one that could write to it has gone.
    expect(await child.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL', stdout: 'started\n' })
  })
})
