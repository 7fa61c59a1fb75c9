/**
 * Every command that a page shows has a row in test/doc-command-rows.ts, and each row is a command of some page.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { DOC_COMMANDS } from './doc-command-rows.ts'
import { commandsOf } from './doc-commands.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const PATHS = [
  'README.md',
  'CONTRIBUTING.md',
  'bench/README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const shown = PATHS.flatMap((path) => commandsOf({ path, text: read(path) }))

describe('the commands of the pages', () => {
  it('are each run by a test, or there is a reason why not', () => {
    expect(shown.filter((command) => !(command in DOC_COMMANDS))).toEqual([])
  })

  it('are those of the list, which has no other', () => {
    expect(Object.keys(DOC_COMMANDS).filter((command) => !shown.includes(command))).toEqual([])
  })

  it('are done by the tests that the list names', () => {
    for (const row of Object.values(DOC_COMMANDS)) {
      if (!('by' in row)) continue
      expect(existsSync(join(ROOT, row.by)), row.by).toBe(true)
      expect(read(row.by), row.by).toContain(row.shows)
    }
  })
})

describe('a command of a page', () => {
  const of = (text: string): string[] => commandsOf({ path: 'docs/a.md', text })

  it('is a statement of a shell block, without the comment behind it', () => {
    expect(of('```sh\nnpm ci   # first\n\n# then\nnpm test\n```\n')).toEqual(['npm ci', 'npm test'])
  })
  it('may go over lines', () => {
    expect(of('```sh\necho a |\n  sort\ncurl -s \\\n  x\n```\n')).toEqual(['echo a | sort', 'curl -s x'])
    expect(of('```sh\nfor i in 1 2; do\n  echo\ndone > x\n```\n')).toEqual(['for i in 1 2; do echo done > x'])
  })
  it('is a code span that begins with a program and has more words', () => {
    expect(of('run `radsluice status`, not `radsluice` or `max_rate`\n')).toEqual(['radsluice status'])
  })
  it('is not what another block shows', () => {
    expect(of('```\nradsluice status\n```\n')).toEqual([])
  })
})
