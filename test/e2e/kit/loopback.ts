/**
 * Real loopback for the suites of all transports, and the sockets of others on it.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { addressesOfThisMachine } from '../../../src/transport/local-addresses.io.ts'
import type { Transport } from '../../../src/transport/ports.ts'
import type { Outside, OutsidePeer } from '../../transport/rig.ts'
import { until } from './child.ts'
import { freePort } from './ports.ts'

export const realPeer = async (address: string, port = 0): Promise<OutsidePeer> => {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  const got: string[] = []
  socket.on('message', (bytes, from) => got.push(`${bytes} from ${from.address} ${from.port}`))
  socket.bind(port, address)
  await once(socket, 'listening')
  let isOpen = true
  return {
    port: socket.address().port,
    got,
    answer: (make) => socket.on('message', (bytes, from) => socket.send(make(`${bytes}`), from.port, from.address)),
    send: (text, to, at) => socket.send(text, to, at),
    close: async () => {
      if (!isOpen) return
      isOpen = false
      socket.close()
      await once(socket, 'close')
    },
  }
}

export const loopbackFor = (transport: () => Transport): Outside => ({
  transport,
  freePort,
  peer: realPeer,
  until: (isSo, what, turn) =>
    until(() => {
      turn()
      return isSo()
    }, what),
  cut: undefined,
  addresses: ['127.0.0.1', '127.0.0.2', ...addressesOfThisMachine()],
})
