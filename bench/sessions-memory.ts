/**
 * What tracked sessions and remembered records cost: memory and time of their tables alone, without an engine around them.
 *
 * `scripts/node24 bench/sessions-memory.ts [SESSIONS]` opens that many sessions (a million by default), each with a Start
 * and an interim, every tenth a member link of an MLPPP bundle, and prints the growth of resident memory and the time of a
 * record, opened and known. Then it does the same with as many records that are remembered, each second one in a succession
 * of two.
 */

import { RecordView } from '../src/accounting/record/record-view.ts'
import { noAccounting } from '../src/accounting/sessions/client-accounting.ts'
import { Sessions } from '../src/accounting/sessions/sessions.ts'
import { RECORD_WORDS, RecordMemory } from '../src/proxy/register/record-memory.ts'
import { SenderNumbers } from '../src/proxy/register/sender-numbers.ts'
import { Packet, readPacket } from '../src/radius/packet.ts'
import { instant, MICROS_PER_SECOND, seconds } from '../src/units.ts'

const START = 1
const INTERIM = 3
const DEFAULT_SESSIONS = 1_000_000
const MEBIBYTE = 1024 ** 2

const sessions = Number(process.argv[2] ?? DEFAULT_SESSIONS)
const packets = [record(START, false), record(INTERIM, false), record(START, true), record(INTERIM, true)]
const view = new RecordView()
const client = { name: 'bng', accounting: noAccounting() }

globalThis.gc?.()
const before = process.memoryUsage.rss()
const table = new Sessions(
  { maxSessions: sessions, lifetime: seconds(7_200), maxPortRate: 0 },
  { anomaly: () => undefined, ended: () => undefined },
  instant(0),
)
const opened = passOver(0, 0)
const known = passOver(1, 300)
const cost = process.memoryUsage.rss() - before
const { live, bundles } = table.counts()
process.stdout.write(
  `${live} sessions, ${bundles} bundles: ${Math.round(cost / MEBIBYTE)} MiB resident, ${Math.round(cost / live)} octets each\n` +
    `a Start ${opened.toFixed(0)} ns, an interim ${known.toFixed(0)} ns, reading included\n`,
)

const beforeRecords = process.memoryUsage.rss()
const memory = new RecordMemory(new SenderNumbers(), 1)
const remembered = rememberRecords()
const recordsCost = process.memoryUsage.rss() - beforeRecords
process.stdout.write(
  `${memory.size} remembered records: ${Math.round(recordsCost / MEBIBYTE)} MiB resident, ` +
    `${Math.round(recordsCost / memory.size)} octets each; ${remembered.toFixed(0)} ns each\n`,
)

/** As many records as sessions; nanoseconds for each. */
function rememberRecords(): number {
  const key = new Int32Array(RECORD_WORDS)
  const copy = { address: '10.0.0.1', delay: 0, mark: 1, time: 300, wraps: { input: 1, output: 2 } }
  const began = process.hrtime.bigint()
  let before = -1
  for (let i = 0; i < sessions; i += 1) {
    key[1] = i
    key[2] = Math.imul(i, 0x9e3779b1)
    const row = memory.keep(key, { ...copy, cameAt: instant(i) }, instant(i + 7_200 * MICROS_PER_SECOND))
    if (i % 2 === 1) memory.succeed(before, row, key, instant(i + 7_200 * MICROS_PER_SECOND))
    before = row
  }
  return Number(process.hrtime.bigint() - began) / sessions
}

/** One record of each session; nanoseconds for each. */
function passOver(kind: 0 | 1, second: number): number {
  const began = process.hrtime.bigint()
  for (let i = 0; i < sessions; i += 1) {
    const packet = packets[i % 10 === 0 ? 2 + kind : kind]!
    nameSession(packet, i)
    table.observe(view.read(packet), client, `10.0.${i & 7}.1`, instant(second * MICROS_PER_SECOND))
  }
  return Number(process.hrtime.bigint() - began) / sessions
}

/** Eight hexadecimal digits at the end of Acct-Session-Id, Acct-Multi-Session-Id and User-Name. */
function nameSession(packet: Packet, number: number): void {
  const digits = number.toString(16).padStart(8, '0')
  for (const place of [packet.bytes.indexOf(1, 20), ...placesOf(packet, [44, 50])]) {
    const end = place + packet.bytes[place + 1]!
    for (let i = 0; i < 8; i += 1) packet.bytes[end - 8 + i] = digits.charCodeAt(i)
  }
}

function placesOf(packet: Packet, types: readonly number[]): number[] {
  const places: number[] = []
  for (let at = 20; at < packet.length; at += packet.bytes[at + 1]!)
    if (types.includes(packet.bytes[at]!)) places.push(at)
  return places
}

/** About 300 octets, as a BNG sends them. */
function record(status: number, isMemberLink: boolean): Packet {
  const attributes: Buffer[] = [
    text(1, 'user-00000000'),
    number(40, status),
    text(44, 'ge-1/1/9.21:00000000'),
    number(46, status === START ? 0 : 300),
    number(42, status === START ? 0 : 1_068_151_928),
    number(43, status === START ? 0 : 3_268_692_096),
    number(47, status === START ? 0 : 4_066_366),
    number(48, status === START ? 0 : 3_574_778),
    number(52, 0),
    number(53, 0),
    number(55, 1_350_622_863 + (status === START ? 0 : 300)),
    text(32, 'kalka'),
    number(5, 306_184_213),
    text(87, 'ge-1/1/9.21:21'),
    number(8, 0x0a_00_00_03),
    ...[42, 43, 151, 152, 153, 154, 155, 156].map((type) => vendor(number(type, 0))),
    ...(isMemberLink ? [number(7, 1), text(50, 'mlppp-00000000')] : []),
  ]
  const body = Buffer.concat(attributes)
  const header = Buffer.alloc(20)
  header[0] = 4
  header.writeUInt16BE(20 + body.length, 2)
  const packet = readPacket(Buffer.concat([header, body]))
  if (packet instanceof Packet) return packet
  throw new Error(packet)
}

function text(type: number, value: string): Buffer {
  return Buffer.concat([Buffer.from([type, value.length + 2]), Buffer.from(value)])
}
function number(type: number, value: number): Buffer {
  const octets = Buffer.from([type, 6, 0, 0, 0, 0])
  octets.writeUInt32BE(value, 2)
  return octets
}
function vendor(attribute: Buffer): Buffer {
  return Buffer.concat([Buffer.from([26, attribute.length + 6, 0, 0, 0x13, 0x0a]), attribute])
}
