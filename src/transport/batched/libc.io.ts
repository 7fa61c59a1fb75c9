/**
 * The C library: numbers in, numbers out. The only file that knows koffi.
 *
 * koffi is an optional dependency. It brings a binary for each platform, so nothing is compiled. Addresses of memory are numbers,
 * too: `addressOf` is asked once for the one buffer that a transport has. A call that fails answers the system's code, negated.
 */
import { getSystemErrorName } from 'node:util'
import type Koffi from 'koffi'
import { codedError } from '../../coded-error.ts'
import { EPOLL_CLOEXEC, SYS_EPOLL_PWAIT2 } from './kernel/linux.ts'

export interface Libc {
  addressOf(buffer: ArrayBuffer): number
  socket(family: number, type: number): number
  bind(socket: number, address: number, length: number): number
  connect(socket: number, address: number, length: number): number
  getsockname(socket: number, address: number, length: number): number
  setsockopt(socket: number, level: number, name: number, value: number, length: number): number
  getsockopt(socket: number, level: number, name: number, value: number, length: number): number
  close(descriptor: number): number
  read(descriptor: number, at: number, length: number): number
  recvmmsg(socket: number, headers: number, count: number, flags: number): number
  recvmsg(socket: number, header: number, flags: number): number
  sendmmsg(socket: number, headers: number, count: number, flags: number): number
  epollCreate(): number
  epollControl(set: number, operation: number, descriptor: number, event: number): number
  /** `timeout`: the address of a timespec. */
  epollWait(set: number, events: number, most: number, timeout: number): number
  eventfd(flags: number): number
  sleep(clock: number, time: number): number
  clockTime(clock: number, time: number): number
  setTimerSlack(option: number, nanoseconds: number): number
  interfaceNumber(name: string): number
  /** 0: there is none. `name`: where 16 octets are free. */
  interfaceName(number: number, name: number): number
}

/** Whether this machine's numbers and structures are those of `linux.ts`. */
const isKnownMachine = (): boolean => process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)

/** `ECONNREFUSED` of -111. */
export const systemCode = (answer: number): string => {
  try {
    return getSystemErrorName(answer)
  } catch {
    return 'UNKNOWN'
  }
}

/** @throws a coded error if koffi is not installed, or this machine has no binary of it or is none that is known. */
export async function loadLibc(): Promise<Libc> {
  if (!isKnownMachine()) {
    const machine = `${process.platform} on ${process.arch}`
    throw codedError('SOCKET_FAILED', `batched packet I/O needs Linux on x64 or arm64, and this is ${machine}`)
  }
  try {
    return bound((await import('koffi')).default)
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw codedError(
      'SOCKET_FAILED',
      `batched packet I/O needs the package koffi, which can't be loaded: ${why}`,
      error,
    )
  }
}

function bound(koffi: typeof Koffi): Libc {
  // Node itself is linked with the C library, whichever it is.
  const library = koffi.load(null)
  const call = (declaration: string): ((...args: (number | string)[]) => number) => {
    const own = library.func(declaration)
    return (...args) => {
      const answer = own(...args)
      return answer < 0 ? -koffi.errno() : answer
    }
  }
  // With the arguments written out: these are called for each batch.
  const recvmmsg = library.func('int recvmmsg(int, uintptr_t, unsigned int, int, uintptr_t)')
  const sendmmsg = library.func('int sendmmsg(int, uintptr_t, unsigned int, int)')
  const syscall = library.func('long syscall(long, long, uintptr_t, long, uintptr_t, uintptr_t, long)')
  const sleep = library.func('int clock_nanosleep(int, int, uintptr_t, uintptr_t)')
  const clockTime = library.func('int clock_gettime(int, uintptr_t)')
  const socket = call('int socket(int, int, int)')
  const epollCreate = call('int epoll_create1(int)')
  const eventfd = call('int eventfd(unsigned int, int)')
  return {
    addressOf: (buffer) => Number(koffi.address(new Uint8Array(buffer))),
    socket: (family, type) => socket(family, type, 0),
    bind: call('int bind(int, uintptr_t, unsigned int)'),
    connect: call('int connect(int, uintptr_t, unsigned int)'),
    getsockname: call('int getsockname(int, uintptr_t, uintptr_t)'),
    setsockopt: call('int setsockopt(int, int, int, uintptr_t, unsigned int)'),
    getsockopt: call('int getsockopt(int, int, int, uintptr_t, uintptr_t)'),
    close: call('int close(int)'),
    read: call('long read(int, uintptr_t, size_t)'),
    recvmmsg: (fd, headers, count, flags) => {
      const answer: number = recvmmsg(fd, headers, count, flags, 0)
      return answer < 0 ? -koffi.errno() : answer
    },
    recvmsg: call('long recvmsg(int, uintptr_t, int)'),
    sendmmsg: (fd, headers, count, flags) => {
      const answer: number = sendmmsg(fd, headers, count, flags)
      return answer < 0 ? -koffi.errno() : answer
    },
    epollCreate: () => epollCreate(EPOLL_CLOEXEC),
    epollControl: call('int epoll_ctl(int, int, int, uintptr_t)'),
    epollWait: (set, events, most, timeout) => {
      const answer: number = syscall(SYS_EPOLL_PWAIT2, set, events, most, timeout, 0, 8)
      return answer < 0 ? -koffi.errno() : answer
    },
    eventfd: (flags) => eventfd(0, flags),
    sleep: (clock, time) => -sleep(clock, 0, time, 0),
    clockTime,
    setTimerSlack: call('int prctl(int, unsigned long)'),
    interfaceNumber: call('unsigned int if_nametoindex(const char *)'),
    interfaceName: call('uintptr_t if_indextoname(unsigned int, uintptr_t)'),
  }
}
