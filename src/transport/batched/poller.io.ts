/**
 * Which sockets have something to read, and the wait for it: one epoll set, with the descriptor by which the main thread wakes
 * this one.
 *
 * A wait ends within microseconds of the moment it was given (`epoll_pwait2`, Linux 5.11), so nothing polls before a slot.
 */
import { codedError } from '../../coded-error.ts'
import { type Duration, micros } from '../../units.ts'
import {
  CLOCK_MONOTONIC,
  EAGAIN,
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  EINTR,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLLERR,
  EPOLLIN,
  PR_SET_TIMERSLACK,
  SIZE_OF,
} from './kernel/linux.ts'
import type { Memory } from './kernel/memory.ts'
import { type Libc, systemCode } from './libc.io.ts'

/** What is in the set. */
export interface Polled {
  readonly descriptor: number
  /** Its error queue is not empty. */
  hasErrors: boolean
}

const MOST_EVENTS = 256
/** `struct epoll_event` is packed on x64 only. */
const EVENT_OCTETS = process.arch === 'x64' ? 12 : 16
const DATA_AT = process.arch === 'x64' ? 4 : 8
/** Stands for the descriptor that wakes. */
const WAKING = 0
const COUNTER_OCTETS = 8
const MICROS_PER_SECOND = 1_000_000

export class Poller {
  /** Written to by another thread to end a wait. */
  readonly wakingDescriptor: number
  readonly #libc: Libc
  readonly #memory: Memory
  readonly #view: DataView
  readonly #set: number
  readonly #eventsAt: number
  readonly #timeAt: number
  readonly #counterAt: number
  /** By the number that the kernel keeps for them. */
  readonly #polled: (Polled | undefined)[] = [undefined]
  readonly #numbers = new Map<Polled, number>()
  readonly #free: number[] = []
  /** The main thread has woken this one since it was last asked. */
  #wasWoken = false

  /** @throws a coded error if the system gives no descriptor or lacks a call. */
  constructor(libc: Libc, memory: Memory) {
    this.#libc = libc
    this.#memory = memory
    this.#view = new DataView(memory.buffer)
    this.#eventsAt = memory.deal(MOST_EVENTS * EVENT_OCTETS)
    this.#timeAt = memory.deal(SIZE_OF.timespec)
    this.#counterAt = memory.deal(COUNTER_OCTETS)
    this.#set = must('epoll_create1', libc.epollCreate())
    this.wakingDescriptor = must('eventfd', libc.eventfd(EFD_NONBLOCK | EFD_CLOEXEC))
    this.#control(EPOLL_CTL_ADD, this.wakingDescriptor, WAKING)
    // Else the kernel ends each wait up to 50 microseconds late. It is of no matter if it may not be set.
    libc.setTimerSlack(PR_SET_TIMERSLACK, 1)
    must('epoll_pwait2', this.#ask(micros(0)))
  }

  /** All descriptors of its own. */
  get descriptors(): readonly number[] {
    return [this.#set, this.wakingDescriptor]
  }

  /** @throws a coded error if the kernel takes no more. */
  add(polled: Polled): void {
    const number = this.#free.pop() ?? this.#polled.length
    this.#polled[number] = polled
    this.#numbers.set(polled, number)
    this.#control(EPOLL_CTL_ADD, polled.descriptor, number)
  }

  remove(polled: Polled): void {
    const number = this.#numbers.get(polled)
    if (number === undefined) return
    this.#numbers.delete(polled)
    this.#polled[number] = undefined
    this.#free.push(number)
    this.#libc.epollControl(this.#set, EPOLL_CTL_DEL, polled.descriptor, this.#memory.address(this.#eventsAt))
  }

  /** Waits for at most so long; what is ready is put into `ready` from `from` on. Returns where that ends. */
  wait(atMost: Duration, ready: (Polled | undefined)[], from: number): number {
    const count = this.#ask(atMost)
    let end = from
    for (let i = 0; i < count; i += 1) {
      const at = this.#eventsAt + i * EVENT_OCTETS
      const number = this.#view.getUint32(at + DATA_AT, true)
      if (number === WAKING) {
        this.#libc.read(this.wakingDescriptor, this.#memory.address(this.#counterAt), COUNTER_OCTETS)
        this.#wasWoken = true
        continue
      }
      const polled = this.#polled[number]
      if (polled === undefined) continue
      polled.hasErrors = (this.#view.getUint32(at, true) & EPOLLERR) !== 0
      ready[end] = polled
      end += 1
    }
    return end
  }

  /** Whether the main thread wants to be heard; asked once for each time. */
  wasWoken(): boolean {
    const was = this.#wasWoken
    this.#wasWoken = false
    return was
  }

  /** Sleeps whatever arrives. */
  sleep(duration: Duration): void {
    this.#setTime(duration)
    this.#libc.sleep(CLOCK_MONOTONIC, this.#memory.address(this.#timeAt))
  }

  /** How many events there are; a system code, negated, if that can't be asked at all. */
  #ask(atMost: Duration): number {
    this.#setTime(atMost)
    const events = this.#memory.address(this.#eventsAt)
    const answer = this.#libc.epollWait(this.#set, events, MOST_EVENTS, this.#memory.address(this.#timeAt))
    return answer === -EINTR || answer === -EAGAIN ? 0 : answer
  }

  #setTime(duration: Duration): void {
    const whole = Math.floor(duration / MICROS_PER_SECOND)
    this.#memory.setLong(this.#timeAt, whole)
    this.#memory.setLong(this.#timeAt + 8, (duration - whole * MICROS_PER_SECOND) * 1_000)
  }

  #control(operation: number, descriptor: number, number: number): void {
    this.#view.setUint32(this.#eventsAt, EPOLLIN, true)
    this.#view.setUint32(this.#eventsAt + DATA_AT, number, true)
    this.#view.setUint32(this.#eventsAt + DATA_AT + 4, 0, true)
    const event = this.#memory.address(this.#eventsAt)
    must('epoll_ctl', this.#libc.epollControl(this.#set, operation, descriptor, event))
  }
}

/** @throws a coded error if a call failed. */
function must(call: string, answer: number): number {
  if (answer >= 0) return answer
  const code = systemCode(answer)
  const why = `batched packet I/O: the system refuses ${call} (${code}); write "packet_io: dgram", or allow the call`
  throw codedError('SOCKET_FAILED', why, Object.assign(new Error(call), { code }))
}
