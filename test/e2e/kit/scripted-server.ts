/**
 * A RADIUS server that does as it is told and remembers everything: which datagrams came, when, and from which port.
 *
 * It verifies nothing and answers what its script says; silence is an answer too. Arrivals are the ground truth of
 * the tests on identifiers, retries and order.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { freePort } from './ports.ts'
import { type Attribute, CODE, MESSAGE_AUTHENTICATOR, type Message, readMessage, response } from './wire.ts'

export interface Arrival {
  /** Milliseconds of `performance.now()`. */
  readonly at: number
  readonly port: number
  readonly message: Message
  /** Same source port, identifier and authenticator as an earlier one: a retransmission. */
  readonly again: boolean
}

export interface Answer {
  readonly code: number
  readonly attributes?: readonly Attribute[]
  readonly afterMs?: number
}
export type Script = (arrival: Arrival, server: ScriptedServer) => Answer | undefined

const FITTING: Readonly<Record<number, number>> = {
  [CODE.accessRequest]: CODE.accessAccept,
  [CODE.accountingRequest]: CODE.accountingResponse,
  [CODE.statusServer]: CODE.accessAccept,
}

/** Says yes to everything; a Status-Server on an accounting port gets what RFC 5997 section 4.2 wants. */
export const yes: Script = ({ message }) => {
  const code = FITTING[message.code]
  return code === undefined ? undefined : { code }
}
export const silence: Script = () => undefined

export class ScriptedServer {
  readonly secret: string
  readonly port: number
  readonly arrivals: Arrival[] = []
  script: Script
  #socket: Socket | undefined
  readonly #seen = new Set<string>()

  private constructor(port: number, secret: string, script: Script) {
    this.port = port
    this.secret = secret
    this.script = script
  }

  static async start(script: Script = yes, secret = 'scripted-server-secret'): Promise<ScriptedServer> {
    const server = new ScriptedServer(await freePort(), secret, script)
    await server.open()
    return server
  }

  /** Binds the port (again). */
  async open(): Promise<void> {
    if (this.#socket !== undefined) return
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
    socket.on('message', (bytes, from) => this.#take(bytes, from))
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(this.port, '127.0.0.1', resolve)
    })
    socket.on('error', () => undefined)
    this.#socket = socket
  }

  /** Leaves the port: from now on the kernel refuses what comes. */
  async close(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    await new Promise<void>((resolve) => (socket === undefined ? resolve() : socket.close(resolve)))
  }

  /** First transmissions of Access- and Accounting-Requests, in order of arrival; probes are left out. */
  get requests(): Arrival[] {
    return this.arrivals.filter(({ again, message }) => !again && message.code !== CODE.statusServer)
  }
  get retransmissions(): Arrival[] {
    return this.arrivals.filter(({ again }) => again)
  }

  answer({ port, message }: Arrival, { code, attributes = [], afterMs = 0 }: Answer): void {
    const isAccess = code !== CODE.accountingResponse
    const signed = isAccess ? [MESSAGE_AUTHENTICATOR, ...attributes] : attributes
    const bytes = response({ secret: this.secret, request: message, code, attributes: signed })
    const send = (): void => {
      this.#socket?.send(bytes, port, '127.0.0.1')
    }
    if (afterMs > 0) setTimeout(send, afterMs)
    else send()
  }

  #take(bytes: Buffer, from: RemoteInfo): void {
    const message = readMessage(bytes)
    const key = `${from.port} ${message.identifier} ${message.authenticator.toString('hex')}`
    const arrival = { at: performance.now(), port: from.port, message, again: this.#seen.has(key) }
    this.#seen.add(key)
    this.arrivals.push(arrival)
    const answer = this.script(arrival, this)
    if (answer !== undefined) this.answer(arrival, answer)
  }
}
