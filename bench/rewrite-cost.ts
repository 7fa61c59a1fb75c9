/**
 * What it costs to make one packet ready for its next hop: nanoseconds of one call, the least of several rounds.
 *
 *     scripts/node24 bench/rewrite-cost.ts [--calls N]
 *
 * The packets are what a BNG's day is made of: logins with and without a hidden password, a record with five vendor
 * attributes, and answers with and without MPPE keys.
 */
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { writeData } from '../src/commands/terminal/output.io.ts'
import { type Packet, readPacket } from '../src/radius/packet.ts'
import { answerForClient, requestForServer } from '../src/radius/rewrite.ts'
import { Secret } from '../src/radius/secret.ts'

const { values } = parseArgs({ options: { calls: { type: 'string', default: '100000' } } })
const CALLS = Number(values.calls)
const ROUNDS = 7

const clientSecret = new Secret('the secret of a client')
const serverSecret = new Secret('the secret of a server')
const authenticator = Buffer.from('c0ffee00112233445566778899aabbcc', 'hex')

type Attribute = readonly [type: number, value: Uint8Array]
const attribute = (type: number, length: number): Attribute => [type, Buffer.alloc(length, 0x61)]
function vendorAttribute(vendor: number, type: number, length: number): Attribute {
  const value = Buffer.alloc(6 + length, 0x61)
  value.writeUInt32BE(vendor)
  value.set([type, length + 2], 4)
  return [26, value]
}
function packetOf(code: number, attributes: readonly Attribute[]): Packet {
  const body = attributes.flatMap(([type, value]) => [type, value.length + 2, ...value])
  const bytes = Uint8Array.from([code, 7, 0, 0, ...authenticator, ...body])
  bytes[2] = bytes.length >> 8
  bytes[3] = bytes.length & 0xff
  const packet = readPacket(bytes)
  if (typeof packet === 'string') throw new Error(packet)
  return packet
}

const usual = [1, 4, 5, 6, 7, 8, 31, 32, 61, 87].map((type) => attribute(type, type === 1 || type >= 31 ? 16 : 4))
const ofVendors = [1, 5, 8, 18, 22].map((type) => vendorAttribute(10_415, type, 8))
const requests = {
  'login, EAP': packetOf(1, [...usual, attribute(79, 60)]),
  'login, PAP': packetOf(1, [...usual, attribute(2, 16)]),
  'record, five vendor attributes': packetOf(4, [...usual, attribute(40, 4), attribute(44, 16), ...ofVendors]),
}
const keys = [16, 17].map((type) => vendorAttribute(311, type, 50))
const answers = {
  'accept, five vendor attributes': packetOf(2, [attribute(6, 4), attribute(8, 4), ...ofVendors]),
  'accept, MPPE keys': packetOf(2, [attribute(6, 4), ...keys]),
  'accounting response': packetOf(5, []),
}

function measure(what: string, call: () => unknown): void {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const from = performance.now()
    for (let i = 0; i < CALLS; i += 1) call()
    return ((performance.now() - from) * 1e6) / CALLS
  })
  writeData(`${what}: ${Math.min(...rounds).toFixed(0)} ns`)
}

for (const [what, packet] of Object.entries(requests)) {
  measure(what, () => requestForServer({ packet, identifier: 9, authenticator, clientSecret, serverSecret }))
}
const request = requests['login, PAP']
for (const [what, response] of Object.entries(answers)) {
  measure(what, () =>
    answerForClient({ response, sentAuthenticator: authenticator, serverSecret, request, clientSecret }),
  )
}
