/**
 * Free UDP and TCP ports of loopback, all different, below the kernel's ephemeral range, so that no socket that is opened
 * later can have one of them.
 */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

const FIRST = 10_000
const LAST = 31_000
const TRIES = 200
const handedOut = new Set<number>()

/** A port that is free for UDP and TCP. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (handedOut.has(port) || !(await isFree(port))) continue
    handedOut.add(port)
    return port
  }
  throw new Error(`bench: no free port between ${FIRST} and ${LAST}; end what holds them`)
}

const isFree = async (port: number): Promise<boolean> => {
  const udp = await new Promise<boolean>((resolve) => {
    const socket = createSocket('udp4')
    socket.once('error', () => resolve(false))
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)))
  })
  const tcp = await new Promise<boolean>((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
  return udp && tcp
}
