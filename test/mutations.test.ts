/**
 * The planted faults of scripts/mutations.ts must stay in step with the source: each finds its text exactly once.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inFile, misfit } from '../scripts/mutation.ts'
import { MUTATIONS } from '../scripts/mutations.ts'

const root = new URL('../', import.meta.url)

describe('the planted faults', () => {
  it('each find their text exactly once in the source of today, and change it', () => {
    const wrong = MUTATIONS.flatMap((mutation) => misfit(mutation, readFileSync(new URL(mutation.file, root), 'utf8')))
    expect(wrong).toEqual([])
  })

  it('have a name of their own within their file, by which one alone can be run', () => {
    const names = MUTATIONS.map(({ file, name }) => `${file} ${name}`)
    expect(names.filter((name, place) => names.indexOf(name) !== place)).toEqual([])
  })

  it('are reported where the source has outgrown them, and where they change nothing', () => {
    const planted = inFile('src/some.ts')
    const text = 'a = 1\nb = 2\nb = 2\n'
    expect(misfit(planted('fits', 'a = 1', 'a = 2'), text)).toEqual([])
    expect(misfit(planted('gone', 'c = 1', 'c = 2'), text)).toEqual([expect.stringMatching(/"gone" .* 0 times/)])
    expect(misfit(planted('twice', 'b = 2', 'b = 3'), text)).toEqual([expect.stringMatching(/"twice" .* 2 times/)])
    expect(misfit(planted('idle', 'a = 1', 'a = 1'), text)).toEqual([expect.stringMatching(/"idle" changes nothing/)])
  })
})
