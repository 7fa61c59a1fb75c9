/**
 * A RADIUS client with as many source ports as it needs: sends what a test builds, keeps what comes back, verified.
 *
 * A source port has 256 identifiers, so a flood of n requests takes n / 256 sockets. Floods are paced by what the
 * kernel's receive buffer holds, not by the clock: a datagram lost on the way in would be the test's own fault.
 */
import { createSocket, type Socket } from 'node:dgram'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { type Message, readMessage, responseVerifies } from './wire.ts'

export interface Reply {
  readonly at: number
  readonly socket: number
  readonly message: Message
  /** Correctly signed for the request that last used this socket and identifier. */
  readonly verifies: boolean
}

export class ScriptedClient {
  readonly secret: string
  readonly replies: Reply[] = []
  readonly #sockets: Socket[] = []
  /** The last request's authenticator, by socket and identifier. */
  readonly #asked = new Map<string, Uint8Array>()

  constructor(secret: string) {
    this.secret = secret
  }

  /** Opens sockets up to `count`; loopback, ephemeral ports. */
  async open(count: number, address = '127.0.0.1'): Promise<void> {
    while (this.#sockets.length < count) {
      const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
      const index = this.#sockets.length
      socket.on('message', (bytes) => this.#take(index, bytes))
      await new Promise<void>((resolve) => socket.bind(0, address, resolve))
      socket.on('error', () => undefined)
      this.#sockets.push(socket)
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.splice(0)) await new Promise<void>((resolve) => socket.close(resolve))
  }

  send(socket: number, bytes: Buffer, port: number, address = '127.0.0.1'): void {
    if (bytes.length >= 20) this.#asked.set(`${socket} ${bytes[1]}`, bytes.subarray(4, 20))
    this.#sockets[socket]!.send(bytes, port, address)
  }

  /** Sends `count` requests, built by number, `perTurn` at a time; 256 to a socket. */
  async flood(
    count: number,
    port: number,
    build: (n: number, identifier: number) => Buffer,
    perTurn = 32,
  ): Promise<void> {
    await this.open(Math.ceil(count / 256))
    for (let n = 0; n < count; n += 1) {
      this.send(Math.floor(n / 256), build(n, n % 256), port)
      if (n % perTurn === perTurn - 1) {
        await turn()
        await sleep(1)
      }
    }
  }

  /** Sends one request and waits for its reply; undefined after `limitMs`. */
  async ask(bytes: Buffer, port: number, limitMs = 5_000, socket = 0): Promise<Message | undefined> {
    await this.open(socket + 1)
    const before = this.replies.length
    this.send(socket, bytes, port)
    const end = performance.now() + limitMs
    for (;;) {
      const reply = this.replies
        .slice(before)
        .find((each) => each.socket === socket && each.message.identifier === bytes[1] && each.verifies)
      if (reply !== undefined) return reply.message
      if (performance.now() > end) return undefined
      await sleep(2)
    }
  }

  #take(socket: number, bytes: Buffer): void {
    const message = readMessage(bytes)
    const asked = this.#asked.get(`${socket} ${message.identifier}`)
    const verifies = asked !== undefined && responseVerifies(message, asked, this.secret)
    this.replies.push({ at: performance.now(), socket, message, verifies })
  }
}
