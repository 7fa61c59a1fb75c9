/**
 * Free ports of loopback for a daemon that is started next: asked of the system, then given back.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** A free UDP port and a free TCP port; somebody else may take them before they are used, but seldom does. */
export async function freePorts(): Promise<[udp: number, tcp: number]> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const ports: [number, number] = [socket.address().port, (server.address() as AddressInfo).port]
  socket.close()
  server.close()
  return ports
}
