/**
 * A reload that is refused: whoever asked gets all that is wrong, and the log and the status a line of bounded length.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { DaemonSettings } from '../../src/daemon/settings.io.ts'
import type { Instances } from '../../src/instances/instances.io.ts'
import { SharedMemories } from '../../src/instances/shared/shared-memory.ts'
import { Log } from '../../src/observe/log/log.io.ts'
import { configText, loaded } from '../config/fixture.ts'

const MANY = 500
const folder = mkdtempSync(join(tmpdir(), 'radsluice-settings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** With so many clients whose secret is not there. */
function refusedReload(problems: number): { readonly settings: DaemonSettings; readonly lines: string[] } {
  const clients = Array.from({ length: problems }, (_, at) => {
    return `  - { name: c${at}, address: 10.0.${at >> 8}.${at & 255}, secret_file: no-such-file-${at} }`
  })
  const file = join(folder, 'radsluice.yaml')
  writeFileSync(join(folder, 'secret'), 'a secret for the server', { mode: 0o600 })
  const servers = '    - { name: s, address: 198.51.100.1, secret_file: secret }'
  writeFileSync(file, configText({ clients: clients.join('\n'), servers }))
  const lines: string[] = []
  const log = new Log('info', { write: (line) => lines.push(line), drained: async () => undefined, lost: 0 })
  // A reload that is refused touches no instance.
  const instances = {} as Instances
  const memories = new SharedMemories({ scope: 'instance', instances: 1 })
  return { settings: new DaemonSettings({ file, config: loaded({}), memories, instances, log }), lines }
}

it('tells all problems to whoever asked, and the first ones to the log and the status', async () => {
  const { settings, lines } = refusedReload(MANY)
  const outcome = await settings.reload('running', false)
  expect(outcome.ok ? [] : outcome.problems).toHaveLength(MANY)
  expect(lines).toHaveLength(1)
  const { event, problems } = JSON.parse(lines[0] ?? '') as { event: string; problems: string }
  expect(event).toBe('reload-refused')
  expect(problems).toMatch(/no-such-file-0.*no-such-file-2\D.*; \.\.\. and 497 more/)
  expect(problems.length).toBeLessThan(1_500)
  expect(settings.view()).toMatchObject({ refused: problems, reloadsFailed: 1 })
})

it('tells all of a few', async () => {
  const { settings } = refusedReload(3)
  await settings.reload('running', false)
  expect(settings.view().refused).toMatch(/no-such-file-0.*no-such-file-2.*path$/)
})
