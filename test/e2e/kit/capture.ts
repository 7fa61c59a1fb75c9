/**
 * What the kernel saw, and when: a tcpdump on loopback, its pcap stream read here.
 *
 * The kernel stamps a datagram when it passes the interface, so a late test process can't blur the picture. Stamps are
 * wall-clock microseconds; `status` of the daemon tells which moment of its monotonic clock that is.
 *
 *     pcap:   magic (4) ... linktype (4) = 24 octets, then per packet: seconds, nanoseconds, kept, original (4 each), data
 *     data:   Ethernet (14), IPv4 (20 without options), UDP (8), payload
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { endsWithTheFile } from './child.ts'
import { peerPath } from './peers.ts'

export interface Captured {
  /** Microseconds since 1970, with a fraction. */
  readonly wallMicros: number
  readonly sourcePort: number
  readonly destinationPort: number
  readonly payload: Buffer
}

export class Capture {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #chunks: Buffer[] = []
  #talk = ''

  private constructor(filter: string) {
    const words = ['-i', 'lo', '-n', '-U', '--immediate-mode', '-B', '16384', '-s', '256', '-w', '-']
    const precision = ['--time-stamp-precision', 'nano']
    this.#child = spawn(peerPath('tcpdump'), [...words, ...precision, filter], { stdio: ['ignore', 'pipe', 'pipe'] })
    endsWithTheFile(this.#child)
    this.#child.stdout.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#talk += text
    })
  }

  /** Starts to listen; resolves when packets are seen. */
  static async start(filter: string): Promise<Capture> {
    const capture = new Capture(filter)
    for (let waited = 0; !/listening on/.test(capture.#talk); waited += 10) {
      if (waited > 10_000 || capture.#child.exitCode !== null) throw new Error(`tcpdump: ${capture.#talk}`)
      await sleep(10)
    }
    return capture
  }

  /** Ends the capture and answers everything in it; throws if the kernel dropped something for want of room. */
  async stop(): Promise<Captured[]> {
    await sleep(100)
    const closed = new Promise<void>((resolve) => this.#child.once('close', () => resolve()))
    this.#child.kill('SIGINT')
    await closed
    const dropped = /(\d+) packets dropped by kernel/.exec(this.#talk)?.[1]
    if (dropped !== undefined && dropped !== '0') throw new Error(`the capture lost ${dropped} packets`)
    return readPcap(Buffer.concat(this.#chunks))
  }
}

const NANOSECOND_MAGIC = 0xa1b23c4d
const ETHERNET = 1

/** Reads a little-endian nanosecond pcap of IPv4 UDP over Ethernet; a last packet that was cut off is left out. */
export const readPcap = (file: Buffer): Captured[] => {
  if (file.length < 24) return []
  if (file.readUInt32LE(0) !== NANOSECOND_MAGIC) throw new Error('not a little-endian nanosecond pcap')
  if (file.readUInt32LE(20) !== ETHERNET) throw new Error(`link type ${file.readUInt32LE(20)} is not Ethernet`)
  const packets: Captured[] = []
  for (let at = 24; at + 16 <= file.length; ) {
    const kept = file.readUInt32LE(at + 8)
    if (at + 16 + kept > file.length) break
    const ip = file.subarray(at + 16 + 14, at + 16 + kept)
    const udp = ip.subarray((ip[0]! & 0x0f) * 4)
    packets.push({
      wallMicros: file.readUInt32LE(at) * 1_000_000 + file.readUInt32LE(at + 4) / 1_000,
      sourcePort: udp.readUInt16BE(0),
      destinationPort: udp.readUInt16BE(2),
      payload: udp.subarray(8),
    })
    at += 16 + kept
  }
  return packets
}
