/**
 * `radsluice show`: one part of a running daemon's state, or its settings in force.
 */
import type { LearnedReport } from '../../observe/learned-report.ts'
import type { Overrides } from '../../observe/view/view.ts'
import { askFor, fetchStatus } from '../input/admin-client.io.ts'
import { LIVE_OPTIONS, limitOption } from '../input/admin-options.ts'
import { verb } from '../input/verb.ts'
import { writeResult } from '../terminal/output.io.ts'
import { learnedText } from '../text/learned-text.ts'
import { SHOW_JSON, SHOW_TEXT } from '../text/show-text.ts'
import { overrideLines } from '../text/status-text.ts'

interface Settings {
  readonly file: string
  readonly settings: object
  readonly overrides: Overrides
}

export const show = verb({
  examples: [
    ['show counters', 'in the names of RFC 4668 and RFC 4670'],
    ['show config', 'the settings in force, without secrets'],
  ],
  positionals: {
    what: {
      choices: ['servers', 'queues', 'clients', 'instances', 'counters', 'alarms', 'config', 'learned'],
      demandOption: true,
      describe: 'What to show.',
    },
  },
  options: {
    limit: limitOption('With `learned`: the most addresses to list'),
    ...LIVE_OPTIONS,
  },
  run: async ({ what, json, limit, ...target }) => {
    if (what === 'learned') {
      const learned = await askFor<LearnedReport>(target, { method: 'GET', path: `/learned?limit=${limit}` })
      writeResult(json, learned, () => learnedText(learned, Date.now() / 1_000))
      return 0
    }
    if (what === 'config') {
      const config = await askFor<Settings>(target, { method: 'GET', path: '/config' })
      const { stringify } = await import('yaml')
      const remarks = [config.file, ...overrideLines(config)].map((one) => `# ${one}`)
      writeResult(json, config, () => [...remarks, stringify(config.settings).trimEnd()])
      return 0
    }
    const report = await fetchStatus(target)
    writeResult(json, json && SHOW_JSON[what](report), () => SHOW_TEXT[what](report))
    return 0
  },
})
