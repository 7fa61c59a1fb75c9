/**
 * A RADIUS client that asks and waits, as a BNG does: it sends the same octets again until a verified answer comes or its
 * tries are used up. Each question has its own source port and identifier as long as it may still be answered.
 */
import { createSocket, type Socket } from 'node:dgram'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Message, readMessage, responseVerifies } from '../../test/e2e/kit/wire.ts'

export interface Patience {
  readonly tries: number
  readonly everyMs: number
}

export interface Exchange {
  readonly answer: Message | undefined
  readonly tookMs: number
  readonly tries: number
}

interface Question {
  readonly authenticator: Uint8Array
  answer: Message | undefined
  heard: (() => void) | undefined
}

const IDENTIFIERS = 256

export class AskingClient {
  readonly #secret: string
  readonly #address: string
  readonly #sockets: Socket[] = []
  readonly #asked: Map<number, Question>[] = []
  readonly #mostSockets: number
  #next = 0
  /** Answers that did not verify for what was asked last under their port and identifier. */
  wrong = 0

  private constructor(secret: string, address: string, mostSockets: number) {
    this.#secret = secret
    this.#address = address
    this.#mostSockets = mostSockets
  }

  /** `mostAtOnce` questions are remembered at most; then the oldest port and identifier is used again. */
  static async open(secret: string, mostAtOnce: number, address = '127.0.0.1'): Promise<AskingClient> {
    const client = new AskingClient(secret, address, Math.ceil(mostAtOnce / IDENTIFIERS))
    while (client.#sockets.length < client.#mostSockets) await client.#openSocket()
    return client
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.splice(0)) await new Promise<void>((resolve) => socket.close(resolve))
  }

  /** Asks what `build` makes for the identifier that is free next; the answer is the first that verifies. */
  async ask(port: number, build: (identifier: number) => Buffer, patience: Patience): Promise<Exchange> {
    const number = this.#next
    this.#next = (number + 1) % (this.#mostSockets * IDENTIFIERS)
    const socket = Math.floor(number / IDENTIFIERS)
    const identifier = number % IDENTIFIERS
    const bytes = build(identifier)
    const question: Question = { authenticator: bytes.subarray(4, 20), answer: undefined, heard: undefined }
    // The identifier that is answered is the one in the packet, which some odd packets are too short to have.
    this.#asked[socket]!.set(bytes[1] ?? identifier, question)
    const began = performance.now()
    let tries = 0
    while (question.answer === undefined && tries < patience.tries) {
      this.#sockets[socket]!.send(bytes, port, '127.0.0.1')
      tries += 1
      await heardWithin(question, patience.everyMs)
    }
    return { answer: question.answer, tookMs: performance.now() - began, tries }
  }

  async #openSocket(): Promise<void> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
    const asked = new Map<number, Question>()
    socket.on('message', (bytes) => this.#receive(asked, bytes))
    await new Promise<void>((resolve) => socket.bind(0, this.#address, resolve))
    // A port that is refused for a moment is no end of the campaign.
    socket.on('error', () => undefined)
    this.#sockets.push(socket)
    this.#asked.push(asked)
  }

  #receive(asked: Map<number, Question>, bytes: Buffer): void {
    const answer = readMessage(bytes)
    const question = asked.get(answer.identifier)
    if (question === undefined || !responseVerifies(answer, question.authenticator, this.#secret)) {
      this.wrong += 1
      return
    }
    question.answer ??= answer
    question.heard?.()
  }
}

/** Resolves when the question is answered, or after `limitMs`. */
const heardWithin = async (question: Question, limitMs: number): Promise<void> => {
  const enough = new AbortController()
  question.heard = () => enough.abort()
  if (question.answer === undefined) await sleep(limitMs, undefined, { signal: enough.signal }).catch(() => undefined)
  question.heard = undefined
}
