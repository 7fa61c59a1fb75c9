/**
 * The poison campaign: what odd requests do to a healthy server behind radsluice. Nothing, it is to be shown.
 *
 *     scripts/node24 bench/poison.ts --quick [--kinds]     about a minute
 *     scripts/node24 bench/poison.ts --full [--kinds]      about ten minutes
 *
 * It needs FreeRADIUS (Debian: apt install freeradius), starts one and a radsluice of its own on loopback, and ends them.
 * `--kinds` prints for each kind what became of it. Exit 1 where something went wrong that must not: a Down, a good login
 * or record lost, a crash. bench/poison/campaign.ts says what is sent when.
 */
import { parseArgs } from 'node:util'
import { say, writeData } from '../src/commands/terminal/output.io.ts'
import { FULL, failuresOf, QUICK, runCampaign } from './poison/campaign.ts'
import { reportLines } from './poison/poison-text.ts'
import { startStand } from './poison/process-stand.ts'

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, full: { type: 'boolean' }, kinds: { type: 'boolean', default: false } },
  })
  if ((values.quick === true) === (values.full === true)) {
    say('poison: say --quick or --full')
    return 2
  }
  const stand = await startStand()
  try {
    const report = await runCampaign(stand, values.full === true ? FULL : QUICK, say)
    for (const line of reportLines(report, values.kinds)) writeData(line)
    return failuresOf(report).length === 0 ? 0 : 1
  } finally {
    await stand.stop()
  }
}

process.exitCode = await main()
