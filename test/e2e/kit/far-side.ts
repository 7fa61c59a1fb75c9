/**
 * A program for the far side of a narrow path: a server that answers with a large packet, and a client that sends one
 * large login and sends it again until it is answered. Prints what came of it as JSON.
 *
 *     far-side.ts CLIENT-ADDRESS SERVER-ADDRESS PROXY-ADDRESS PORT OCTETS SECRET INTERVAL-MS TIMES
 */
import { createSocket } from 'node:dgram'
import { type Attribute, accessRequest, CODE, MESSAGE_AUTHENTICATOR, readMessage, response } from './wire.ts'

const [client = '', server = '', proxy = '', port = '', octets = '', secret = '', interval = '', times = ''] =
  process.argv.slice(2)
const type = client.includes(':') ? 'udp6' : 'udp4'

/** EAP-Messages of 240 octets and a rest, which fill a packet up to `length` octets. */
const filling = (length: number): Attribute[] => {
  const lengths = [...Array.from({ length: Math.floor(length / 242) }, () => 240), (length % 242) - 2]
  return lengths.map((size) => [79, Buffer.alloc(size, 7)])
}
const HEADER_AND_PROOF = 20 + 18

let served = 0
const answering = createSocket(type)
answering.on('message', (bytes, { address, port: from }) => {
  served += 1
  const attributes = [MESSAGE_AUTHENTICATOR, ...filling(Number(octets) - HEADER_AND_PROOF)]
  answering.send(response({ secret, request: readMessage(bytes), code: CODE.accessAccept, attributes }), from, address)
})

const asking = createSocket(type)
let sent = 0
let timer: NodeJS.Timeout | undefined
const end = (received: number): void => {
  clearTimeout(timer)
  console.log(JSON.stringify({ sent, served, received }))
  asking.close()
  answering.close()
}
asking.on('message', (bytes) => end(bytes.length))
const attributes = [MESSAGE_AUTHENTICATOR, ...filling(Number(octets) - HEADER_AND_PROOF)]
const request = accessRequest({ secret, identifier: 1, attributes })
const send = (): void => {
  if (sent === Number(times)) {
    end(0)
    return
  }
  sent += 1
  asking.send(request, Number(port), proxy)
  timer = setTimeout(send, Number(interval))
}
answering.bind(Number(port), server, () => asking.bind(0, client, send))
