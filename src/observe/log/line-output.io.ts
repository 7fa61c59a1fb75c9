/**
 * Lines to a file descriptor, in order, without ever waiting for the reader.
 *
 * One write is under way at a time; meanwhile lines wait in a `LineBuffer`: a reader that hangs must not stop the packets. If
 * the reader is gone (EPIPE) or the disk is full, lines are lost; a file is tried again a second later. Nothing throws while
 * lines are written. A pipe is written as a socket, which never blocks: Node writes files on a thread of its own, and a
 * write there to a pipe whose reader hangs would keep the process from ending.
 */
import { closeSync, fstatSync, write } from 'node:fs'
import { Socket } from 'node:net'
import { systemCodeOf } from '../../coded-error.ts'
import { LineBuffer } from './line-buffer.ts'

const RETRY_MS = 10
/** After an error that may pass, as a full disk. */
const MEND_MS = 1_000
const LASTING = ['EPIPE', 'EBADF']

export class LineOutput {
  readonly #descriptor: number
  readonly #buffer: LineBuffer
  readonly #pipe: Socket | undefined
  isWriting = false
  /** Nothing can be written there now. */
  isBroken = false
  #isToClose = false
  #whenIdle: (() => void)[] = []

  /** `limit`: characters that may wait. */
  constructor(descriptor: number, limit: number) {
    this.#descriptor = descriptor
    this.#buffer = new LineBuffer(limit)
    const kind = fstatSync(descriptor)
    if (!kind.isFIFO() && !kind.isSocket()) return
    this.#pipe = new Socket({ fd: descriptor, readable: false, writable: true })
    this.#pipe.on('error', () => undefined)
    this.#pipe.unref()
  }

  get lost(): number {
    return this.#buffer.lost
  }

  write(line: string): void {
    if (this.isBroken) this.#buffer.lost += 1
    else this.#buffer.add(line)
    if (!this.isWriting) this.#writeWaiting()
  }

  /** Resolves when all is written, or after `limitMs`. */
  async drained(limitMs: number): Promise<void> {
    if (!this.isWriting) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#whenIdle.push(resolve)
      timer = setTimeout(resolve, limitMs)
    })
    clearTimeout(timer)
  }

  /** Takes no more lines, and closes the descriptor when those that wait are written. */
  closeWhenWritten(): void {
    this.#isToClose = true
    if (!this.isWriting) this.#close()
  }

  #close(): void {
    try {
      closeSync(this.#descriptor)
    } catch {
      // A late error of writing; the descriptor is closed anyway.
    }
  }

  #writeWaiting(): void {
    const text = this.#buffer.take()
    this.isWriting = text !== ''
    if (this.isWriting) {
      this.#writeAll(Buffer.from(text))
      return
    }
    for (const resolve of this.#whenIdle.splice(0)) resolve()
    if (this.#isToClose) this.#close()
  }

  #writeAll(bytes: Buffer): void {
    if (this.#pipe) this.#pipe.write(bytes, (error) => (error ? this.#break(error, bytes) : this.#writeWaiting()))
    else this.#writeToFile(bytes)
  }

  #writeToFile(bytes: Buffer): void {
    write(this.#descriptor, bytes, (error, written) => {
      if (error && systemCodeOf(error) === 'EAGAIN') setTimeout(() => this.#writeToFile(bytes), RETRY_MS)
      else if (error) this.#break(error, bytes)
      else {
        this.#buffer.written(bytes.subarray(0, written))
        if (written < bytes.length) this.#writeToFile(bytes.subarray(written))
        else this.#writeWaiting()
      }
    })
  }

  #break(error: Error, rest: Uint8Array): void {
    this.isBroken = true
    this.#buffer.giveUp(rest)
    this.#writeWaiting()
    if (this.#pipe !== undefined || LASTING.includes(systemCodeOf(error) ?? '')) return
    setTimeout(() => {
      this.isBroken = false
    }, MEND_MS).unref()
  }
}
