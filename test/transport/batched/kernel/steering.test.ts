/**
 * The filter that gives a client to an instance by its address. It is run here as the kernel runs it (linux/bpf_common.h), on
 * packets of which only the source address says something.
 */
import { describe, expect, it } from 'vitest'
import {
  encodedFilter,
  type FilterStep,
  instanceOf,
  steeringBySource,
} from '../../../../src/transport/batched/kernel/steering.ts'

const NETWORK_HEADER = -0x100000

/** Runs a program of classic BPF on an IP header; loads are big-endian, arithmetic has 32 bits. */
function run(steps: readonly FilterStep[], header: Uint8Array): number {
  const view = new DataView(header.buffer)
  let a = 0
  let x = 0
  for (const [code, k] of steps) {
    if (code === 0x20) a = view.getUint32(k - NETWORK_HEADER)
    else if (code === 0x07) x = a
    else if (code === 0xac) a = (a ^ x) >>> 0
    else if (code === 0x24) a = Math.imul(a, k) >>> 0
    else if (code === 0x74) a = a >>> k
    else if (code === 0x94) a = a % k
    else if (code === 0x16) return a
    else throw new Error(`no such code: ${code}`)
  }
  throw new Error('no answer')
}

function headerWith(source: readonly number[], at: number): Uint8Array {
  const header = new Uint8Array(40).fill(0xa5)
  const view = new DataView(header.buffer)
  for (const [i, word] of source.entries()) view.setUint32(at + 4 * i, word)
  return header
}

describe.each([
  ['IPv4', false, 12, 1],
  ['IPv6', true, 8, 4],
] as const)('over %s', (_name, isIpv6, at, words) => {
  it('answers by the source address alone, as instanceOf says', () => {
    for (let client = 0; client < 500; client += 1) {
      const source = Array.from({ length: words }, (_, i) => (0x0a000000 + client * 257 * (i + 1)) >>> 0)
      for (const instances of [2, 3, 8]) {
        const answer = run(steeringBySource(isIpv6, instances), headerWith(source, at))
        expect(answer).toBe(instanceOf(source, instances))
        expect(answer).toBeLessThan(instances)
      }
    }
  })

  it('spreads neighbouring addresses evenly', () => {
    const counts = [0, 0, 0, 0]
    for (let client = 0; client < 4_000; client += 1) {
      const source = Array.from({ length: words }, (_, i) => (i === words - 1 ? 0xc0000200 + client : 0x20010db8))
      counts[run(steeringBySource(isIpv6, 4), headerWith(source, at))]! += 1
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })
})

it('is 8 octets a step: code, two jumps of 0, operand', () => {
  expect([...encodedFilter([[0x20, -0x100000 + 12]])]).toEqual([0x20, 0, 0, 0, 0x0c, 0, 0xf0, 0xff])
})
