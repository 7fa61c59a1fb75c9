/**
 * Free loopback ports for a test, taken from below the kernel's ephemeral range, so that no client socket that a test
 * opens later can sit on a port that was handed out here. Free means free for UDP and TCP at the time of asking.
 */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

const FIRST = 15_000
const LAST = 31_000
const handedOut = new Set<number>()

export const freePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (handedOut.has(port)) continue
    if ((await udpIsFree(port)) && (await tcpIsFree(port))) {
      handedOut.add(port)
      return port
    }
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`)
}

const udpIsFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => resolve(false))
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)))
  })

const tcpIsFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
