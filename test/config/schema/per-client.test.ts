import { describe, expect, it } from 'vitest'
import { MOST_CLIENTS_FOR_ALL, perClientOf } from '../../../src/config/schema/watch-settings.ts'
import { configText, load } from '../fixture.ts'

describe('metrics.per_client', () => {
  const clientsOf = (count: number): string =>
    Array.from(
      { length: count },
      (_, at) => `  - { name: n${at}, address: 10.${at >> 8}.${at & 255}.1, secret_file: s }`,
    ).join('\n')
  const warnings = (count: number, top = ''): string[] =>
    load(configText({ top, clients: clientsOf(count) })).warnings.map(({ message }) => message)

  it('shows all clients of a small configuration, the active ones of a large one, and what is written', () => {
    expect(perClientOf('auto', MOST_CLIENTS_FOR_ALL)).toBe('all')
    expect(perClientOf('auto', MOST_CLIENTS_FOR_ALL + 1)).toBe('active')
    for (const which of ['all', 'active', 'off'] as const) expect(perClientOf(which, 1_000_000)).toBe(which)
  })

  it('leaves nobody out unsaid', () => {
    expect(warnings(MOST_CLIENTS_FOR_ALL)).toEqual([])
    expect(warnings(MOST_CLIENTS_FOR_ALL + 1)).toEqual([
      expect.stringMatching(/^with 1001 clients \/metrics shows those with traffic.*write per_client: active/),
    ])
    expect(warnings(MOST_CLIENTS_FOR_ALL + 1, 'metrics: { per_client: all }')).toEqual([])
  })
})
