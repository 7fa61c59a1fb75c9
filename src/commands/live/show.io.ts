/**
 * `radsluice show`: one part of a running daemon's state, or its settings as they hold.
 */
import type { LearnedReport } from '../../observe/learned-report.ts'
import type { Overrides } from '../../observe/view/view.ts'
import { askFor, fetchStatus } from '../input/admin-client.io.ts'
import { ADMIN_OPTIONS } from '../input/admin-options.ts'
import { JSON_OPTION, verb } from '../input/verb.ts'
import { writeData, writeJson } from '../terminal/output.io.ts'
import { learnedText } from '../text/learned-text.ts'
import { SHOWN, SHOWN_JSON } from '../text/show-text.ts'
import { overrideLines } from '../text/status-text.ts'

interface Settings {
  readonly file: string
  readonly settings: object
  readonly overrides: Overrides
}

export const show = verb({
  examples: [
    ['show counters', 'in the names of RFC 4668 and RFC 4670'],
    ['show config', 'the settings as they hold, without secrets'],
  ],
  positionals: {
    what: {
      choices: ['servers', 'queues', 'clients', 'instances', 'counters', 'alarms', 'config', 'learned'],
      demandOption: true,
      describe: 'What to show.',
    },
  },
  options: {
    ...ADMIN_OPTIONS,
    limit: {
      type: 'number',
      within: [1, 10_000],
      default: 100,
      requiresArg: true,
      describe: 'Of `learned`: so many addresses, 10000 at most.',
    },
    json: JSON_OPTION,
  },
  run: async ({ what, json, limit, admin, 'token-file': tokenFile }) => {
    if (what === 'learned') {
      const asking = { method: 'GET', path: `/learned?limit=${limit}`, access: 'control' } as const
      const learned = (await askFor({ admin, 'token-file': tokenFile }, asking)) as LearnedReport
      if (json) writeJson(learned)
      else for (const line of learnedText(learned, Date.now() / 1_000)) writeData(line)
      return 0
    }
    if (what === 'config') {
      const asking = { method: 'GET', path: '/config', access: 'control' } as const
      const config = (await askFor({ admin, 'token-file': tokenFile }, asking)) as Settings
      if (json) writeJson(config)
      else {
        for (const line of [`# ${config.file}`, ...overrideLines(config).map((one) => `# ${one}`)]) writeData(line)
        const { stringify } = await import('yaml')
        writeData(stringify(config.settings).trimEnd())
      }
      return 0
    }
    const report = await fetchStatus(admin, tokenFile)
    if (json) writeJson(SHOWN_JSON[what](report))
    else for (const line of SHOWN[what](report)) writeData(line)
    return 0
  },
})
