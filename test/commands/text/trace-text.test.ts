import { describe, expect, it } from 'vitest'
import { stepText, type TracedStep } from '../../../src/commands/text/trace-text.ts'
import type { TraceEvent } from '../../../src/proxy/border/events.ts'
import { instant, micros } from '../../../src/units.ts'

const text = (o: Partial<TraceEvent>): string => {
  const step: TracedStep = {
    time: '2026-01-02T08:15:04.123456Z',
    instance: 1,
    step: 'received',
    at: instant(5),
    class: 'authentication',
    request: 17,
    client: 'bng-1',
    from: { address: '10.0.0.1', port: 1645 },
    code: 1,
    identifier: 5,
    user: 'alice',
    session: undefined,
    age: micros(1_234_567),
    ...o,
  }
  return stepText(step, (code) => `code ${code}`)
}
const AT = { server: 'fr-1', sourcePort: 2, serverIdentifier: 9 }

describe('a step of a trace', () => {
  it.each<[Partial<TraceEvent>, string]>([
    [{}, '08:15:04.123456  1#17       +1.235 s  received   code 1 id 5 of bng-1 10.0.0.1:1645, user alice'],
    [
      {
        step: 'refused',
        code: 0,
        request: 0,
        user: undefined,
        from: { address: '2001:db8::1', port: 9 },
        why: 'too-short',
      },
      '08:15:04.123456  1#-        +1.235 s  refused    a datagram of bng-1 [2001:db8::1]:9: too-short',
    ],
    [
      { step: 'duplicate', session: 's1', why: 'its request is on its way' },
      '08:15:04.123456  1#17       +1.235 s  duplicate  code 1 id 5 of bng-1 10.0.0.1:1645, user alice, session s1: its request is on its way',
    ],
    [
      { step: 'queued', server: 'fr-1', why: 'the slot is used up' },
      '08:15:04.123456  1#17       +1.235 s  queued     for fr-1: the slot is used up',
    ],
    [
      { step: 'queued', server: 'fr-1', why: 'the slot is used up; it waits behind 4,210 of its own client' },
      '08:15:04.123456  1#17       +1.235 s  queued     for fr-1: the slot is used up; it waits behind 4,210 of its own client',
    ],
    [
      { step: 'queued', why: 'every server is Down' },
      '08:15:04.123456  1#17       +1.235 s  queued     parked: every server is Down',
    ],
    [{ step: 'promoted', server: 'fr-1' }, '08:15:04.123456  1#17       +1.235 s  promoted   to fr-1'],
    [{ step: 'sent', transmission: 1, ...AT }, '08:15:04.123456  1#17       +1.235 s  sent       to fr-1 port 2 id 9'],
    [
      { step: 'retried', transmission: 2, ...AT },
      '08:15:04.123456  1#17       +1.235 s  retried    to fr-1 port 2 id 9, transmission 2',
    ],
    [
      { step: 'timed-out', transmission: 2, ...AT },
      '08:15:04.123456  1#17       +1.235 s  timed-out  at fr-1 port 2 id 9 after transmission 2',
    ],
    [{ step: 'answered', answer: 2, ...AT }, '08:15:04.123456  1#17       +1.235 s  answered   code 2 from fr-1'],
    [
      { step: 'ended', why: 'given up: no server answered' },
      '08:15:04.123456  1#17       +1.235 s  ended      given up: no server answered',
    ],
  ])('%j is one line', (step, line) => {
    expect(text(step)).toBe(line)
  })
})
