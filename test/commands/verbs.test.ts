/** The options of all verbs: one that takes a value asks for it, so that a forgotten one is a mistake with a sentence. */
import { expect, it } from 'vitest'
import { VERBS, wordOf } from '../../src/commands/verbs.io.ts'

it('each option that takes a value asks for it', async () => {
  const seen: string[] = []
  const silent: string[] = []
  for (const entry of VERBS) {
    const { options } = await entry.load()
    for (const [name, { type, requiresArg }] of Object.entries(options)) {
      if (type === 'boolean') continue
      seen.push(name)
      if (requiresArg !== true) silent.push(`${wordOf(entry)} --${name}`)
    }
  }
  expect(seen).toContain('sessions')
  expect(silent).toEqual([])
})
