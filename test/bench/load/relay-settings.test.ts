import { describe, expect, it } from 'vitest'
import {
  freeradiusSettings,
  merged,
  radsecproxySettings,
  radsluiceSettings,
  SECRET,
} from '../../../bench/load/relay-settings.ts'
import { load } from '../../config/fixture.ts'

const PORTS = { access: 10_001, accounting: 10_002, admin: 10_003 }
const SINK = { access: 20_001, accounting: 20_002 }

describe('the configurations of what is compared', () => {
  it('lays settings over settings, mapping by mapping, and replaces lists', () => {
    expect(merged({ a: { b: 1, c: [1, 2] }, d: 1 }, { a: { c: [3] }, e: null })).toEqual({
      a: { b: 1, c: [3] },
      d: 1,
      e: null,
    })
  })

  it('sends each class of each peer to its port of the sink', () => {
    const raddb = freeradiusSettings('/somewhere', PORTS, SINK)
    for (const text of [radsecproxySettings(PORTS, SINK), raddb, radsluiceSettings(PORTS, SINK)]) {
      for (const port of [PORTS.access, PORTS.accounting, SINK.access, SINK.accounting])
        expect(text).toContain(`${port}`)
      expect(text).toContain(SECRET)
    }
  })

  it('gives radsluice a file that it takes, with its defaults but for what is asked', () => {
    const more = { instances: 2, farm: { accounting: { max_rate: 20_000 } } }
    const result = load(radsluiceSettings(PORTS, SINK, more))
    expect(result).toMatchObject({
      ok: true,
      config: {
        instances: 2,
        listen: { authentication: [{ port: PORTS.access }], accounting: [{ port: PORTS.accounting }] },
        queues: { authentication: { max_messages: 20_000 } },
        farm: { servers: [{ accounting: { port: SINK.accounting, max_rate: 20_000, max_outstanding: 256 } }] },
      },
    })
  })
})
