import { describe, expect, it } from 'vitest'
import { choosePacketIo, isUnmet, type PacketIoFacts, selfTestTime } from '../../../src/transport/choice/packet-io.ts'

const facts = (more: Partial<PacketIoFacts>): PacketIoFacts => ({
  wanted: 'auto',
  platform: 'linux x64',
  koffi: '3.3.4',
  canKeep: true,
  result: { ok: true },
  earlyEnds: 0,
  marks: '/var/cache/start-*.json',
  serves: undefined,
  ...more,
})
const FAILED = { ok: false, why: 'it was ended by SIGABRT', isTransient: false } as const

/** Every case: a small space. */
const everyCase = (['auto', 'batched', 'dgram'] as const).flatMap((wanted) =>
  ['linux x64', 'linux arm64', 'linux riscv64', 'darwin arm64'].flatMap((platform) =>
    ['3.3.4', undefined].flatMap((koffi) =>
      [true, false].flatMap((canKeep) =>
        [undefined, { ok: true } as const, FAILED].flatMap((result) =>
          [0, 1, 2, 7].map((earlyEnds) => facts({ wanted, platform, koffi, canKeep, result, earlyEnds })),
        ),
      ),
    ),
  ),
)

describe('the choice of packet I/O', () => {
  it('is batched only on Linux, with koffi, after a test that passed, and unless dgram is set', () => {
    for (const one of everyCase) {
      const isPossible =
        ['linux x64', 'linux arm64'].includes(one.platform) &&
        one.koffi !== undefined &&
        one.result?.ok === true &&
        one.earlyEnds < 2
      const expected = isPossible && one.wanted !== 'dgram' ? 'batched' : 'dgram'
      expect(choosePacketIo(one), JSON.stringify(one)).toMatchObject({ wanted: one.wanted, use: expected })
    }
  })

  it.each([
    [{ wanted: 'dgram' }, 'setting', /^packet_io is dgram$/],
    [{ platform: 'darwin arm64' }, 'platform', /needs Linux on x64 or arm64, and this is darwin arm64$/],
    [{ koffi: undefined }, 'koffi-missing', /optional package koffi.*install radsluice without --omit=optional$/],
    [{ result: undefined }, 'not-tested', /tested while radsluice serves, and used after a restart if it passes$/],
    [
      { result: undefined, canKeep: false },
      'not-tested',
      /no folder.*set CACHE_DIRECTORY.*or write packet_io: batched/,
    ],
    [{ result: undefined, wanted: 'batched' }, 'not-tested', /a start tests it and waits for the result$/],
    [{ result: FAILED }, 'self-test-failed', /^the self-test of batched packet I\/O failed: it was ended by SIGABRT$/],
    [
      { earlyEnds: 2, wanted: 'batched' },
      'ended-early',
      /within 10 s of a start .*, 2 times in a row.*may not fit.*delete \/var\/cache\/start-\*\.json and restart radsluice$/,
    ],
    [{ serves: 'dgram' }, 'restart-needed', /has passed its self-test here.*; radsluice uses it after a restart$/],
    [{}, 'self-test-passed', /^batched packet I\/O has passed its self-test here, with koffi 3\.3\.4$/],
  ] as const)('says why: %o', (given, because, why) => {
    expect(choosePacketIo(facts(given))).toMatchObject({ because, why: expect.stringMatching(why) })
  })

  it('does not change while a daemon serves, whatever a test finds', () => {
    for (const one of everyCase) {
      const { use: serves } = choosePacketIo(one)
      for (const result of [{ ok: true } as const, FAILED]) {
        if (serves === 'batched') continue
        expect(choosePacketIo({ ...one, serves, result }).use).toBe(serves)
      }
    }
  })

  it('leaves a demand unmet if it is dgram where batched was written', () => {
    for (const one of everyCase) {
      const choice = choosePacketIo(one)
      expect(isUnmet(choice)).toBe(one.wanted === 'batched' && choice.use === 'dgram')
    }
  })
})

describe('the self-test', () => {
  it('is made only where its result can change the choice', () => {
    for (const one of everyCase) {
      const before = choosePacketIo(one).use
      const changes = choosePacketIo({ ...one, result: { ok: true } }).use !== before
      expect(selfTestTime(one) !== 'never', JSON.stringify(one)).toBe(changes)
    }
  })

  it('is awaited where batched packet I/O is demanded, and made beside the work for auto', () => {
    for (const result of [undefined, FAILED]) {
      expect(selfTestTime(facts({ wanted: 'batched', result }))).toBe('now')
      expect(selfTestTime(facts({ wanted: 'auto', result }))).toBe('beside')
    }
  })
})
