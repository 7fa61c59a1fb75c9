import { describe, expect, it } from 'vitest'
import { TRAFFIC_CLASSES } from '../../src/classes.ts'
import { checkRequest, checkResponse } from '../../src/radius/authenticator.ts'
import { Packet, readPacket } from '../../src/radius/packet.ts'
import { Secret } from '../../src/radius/secret.ts'
import { statusServerAnswer, statusServerProbe } from '../../src/radius/status-server.ts'
import * as oracle from './oracle.ts'

const SECRET = 'a shared secret'
const secret = new Secret(SECRET)
const AUTHENTICATOR = Buffer.from('8a54f4686fb394c52866e302185d0623', 'hex')

const read = (bytes: Uint8Array): Packet => {
  const packet = readPacket(bytes)
  if (packet instanceof Packet) return packet
  throw new Error(packet)
}
const requestWith = (...attributes: oracle.Attribute[]): Packet =>
  read(oracle.sign(oracle.packetOf(12, 5, AUTHENTICATOR, attributes), SECRET))

describe('a Status-Server probe', () => {
  it('is a valid request at both kinds of port, with nothing but a Message-Authenticator', () => {
    const probe = statusServerProbe({ identifier: 255, authenticator: AUTHENTICATOR, secret })
    expect(oracle.decodeAttributes(probe).map(([type]) => type)).toEqual([80])
    expect([probe[0], probe[1], probe.length]).toEqual([12, 255, 38])
    expect(oracle.hasValidMessageAuthenticator(probe, SECRET, AUTHENTICATOR)).toBe(true)
    for (const trafficClass of TRAFFIC_CLASSES) expect(checkRequest(read(probe), trafficClass, secret)).toBeUndefined()
  })
})

describe('the answer to a Status-Server', () => {
  it('is an Access-Accept that begins with Message-Authenticator, or an Accounting-Response', () => {
    const accept = statusServerAnswer(requestWith(oracle.messageAuthenticator), 'authentication', secret)
    expect([accept[0], accept[1]]).toEqual([2, 5])
    expect(oracle.decodeAttributes(accept).map(([type]) => type)).toEqual([80])
    expect(oracle.hasValidMessageAuthenticator(accept, SECRET, AUTHENTICATOR)).toBe(true)
    expect(oracle.hasValidAuthenticator(accept, SECRET, AUTHENTICATOR)).toBe(true)
    const response = statusServerAnswer(requestWith(oracle.messageAuthenticator), 'accounting', secret)
    expect([response[0], response[1], response.length]).toEqual([5, 5, 20])
    expect(oracle.hasValidAuthenticator(response, SECRET, AUTHENTICATOR)).toBe(true)
  })

  it('brings the Proxy-States back in order, and nothing else of the request', () => {
    const states = [oracle.attribute(33, 'b'), oracle.attribute(33, ''), oracle.attribute(33, 'a')]
    const request = requestWith(
      oracle.attribute(32, 'nas'),
      states[0]!,
      oracle.messageAuthenticator,
      states[1]!,
      oracle.attribute(1, 'x'),
      states[2]!,
    )
    for (const trafficClass of TRAFFIC_CLASSES) {
      const answer = statusServerAnswer(request, trafficClass, secret)
      const attributes = oracle.decodeAttributes(answer)
      expect(attributes.filter(([type]) => type !== 80)).toEqual(states)
      expect(checkResponse(read(answer), { code: 12, authenticator: AUTHENTICATOR }, secret)).toBeUndefined()
    }
  })

  it('fits for the longest request that there is', () => {
    const states = Array.from({ length: 15 }, () => oracle.attribute(33, 'x'.repeat(253)))
    const request = requestWith(...states, oracle.attribute(33, 'y'.repeat(231)), oracle.messageAuthenticator)
    expect(request.length).toBe(4_096)
    for (const trafficClass of TRAFFIC_CLASSES)
      expect(readPacket(statusServerAnswer(request, trafficClass, secret))).toBeInstanceOf(Packet)
  })
})
