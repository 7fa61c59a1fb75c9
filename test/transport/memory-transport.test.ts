import type { Endpoint } from '../../src/addresses.ts'
import { describeLanes } from './lane-suite.ts'
import { describeExpansion, describeListeners } from './listener-suite.ts'
import { MemoryNetwork, MemoryTransport } from './memory-network.ts'
import { type Outside, type OutsidePeer, textOf } from './rig.ts'

const ROUNDS = 10

function inMemory(): Outside {
  const network = new MemoryNetwork()
  const peer = async (address: string, port = 0): Promise<OutsidePeer> => {
    const got: string[] = []
    let answer: ((text: string) => string) | undefined
    const receive = (octets: Uint8Array, from: Endpoint): void => {
      got.push(`${textOf(octets)} from ${from.address} ${from.port}`)
      if (answer !== undefined) network.send(socket, from, Buffer.from(answer(textOf(octets))))
    }
    const socket = network.bind({ address, port }, 'a peer', { server: undefined, receive, refused: () => undefined })
    return {
      port: socket.local.port,
      got,
      answer: (make) => {
        answer = make
      },
      send: (text, to, at) => network.send(socket, { address: at, port: to }, Buffer.from(text)),
      close: async () => network.unbind(socket),
    }
  }
  return {
    transport: () => new MemoryTransport(network),
    freePort: async () => network.freePort(),
    peer,
    until: async (isSo, what, turn) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        network.settle()
        turn()
        if (isSo()) return
      }
      throw new Error(`never came: ${what}`)
    },
    cut: (is) => network.cut(is),
    addresses: ['127.0.0.1', '::1'],
  }
}

describeListeners('a network in memory', inMemory)
describeExpansion('a network in memory', inMemory)
describeLanes('a network in memory', inMemory)
