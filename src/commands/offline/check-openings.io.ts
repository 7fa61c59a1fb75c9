/**
 * Tries to open what `run` would open, and returns the results as problems and warnings with their positions.
 *
 * It tries as the user who asks, so `check` should be run by the user that runs the daemon. A port in use is a warning: the
 * running daemon may hold it. If a daemon answers that runs with this file, it does.
 */
import { resolve } from 'node:path'
import { endpointText } from '../../addresses.ts'
import { codeOf, systemCodeOf } from '../../coded-error.ts'
import type { Found } from '../../config/checks/result.ts'
import type { Problem } from '../../config/source/problem.ts'
import { pathText, type SettingPath } from '../../config/source/source.ts'
import { type Opening, openingsOf } from '../../daemon/openings.io.ts'
import type { StatusReport } from '../../observe/status-report.ts'
import { fetchStatus, nameOfUser } from '../input/admin-client.io.ts'

export interface OpeningProblems {
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** `known` are the problems that settings have already: these are not tried. */
export async function tryOpenings(found: Found, file: string, known: readonly Problem[]): Promise<OpeningProblems> {
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const isKnown = ({ setting }: Opening): boolean => known.some(({ path }) => pathText(setting).startsWith(path || ' '))
  let running: Promise<StatusReport | undefined> | undefined
  // One after the other: two attempts at the same port would be in each other's way.
  for (const opening of openingsOf(found, file)) {
    if (isKnown(opening)) continue
    const error = await failureOf(opening)
    if (error === undefined) continue
    const isTaken = codeOf(error) === 'ADDRESS_IN_USE'
    if (isTaken) {
      running ??= runningWith(found, file)
      if (isHeldBy(await running, error)) continue
    }
    const sentence = withoutSetting(error.message, opening.setting)
    const problem = found.problem(opening.setting, `${sentence}${isTaken ? IF_OURS : asWhom(error)}`)
    if (isTaken || opening.isOptional || codeOf(error) === 'NO_ROUTE') warnings.push(problem)
    else problems.push(problem)
  }
  return { problems, warnings }
}

const IF_OURS = ' (if that is the radsluice to be restarted, all is well)'

/** `run` begins some of its messages with the setting, which is before each problem anyway. */
function withoutSetting(sentence: string, setting: SettingPath): string {
  const [name = '', ...rest] = sentence.split(': ')
  return rest.length > 0 && pathText(setting).startsWith(name) ? rest.join(': ') : sentence
}

/** A coded error comes from the system; anything else is a bug. */
async function failureOf(opening: Opening): Promise<Error | undefined> {
  try {
    await opening.attempt()
    return undefined
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return error as Error
  }
}

/** Says so if the result depends on who asks. */
function asWhom(error: Error): string {
  const system = systemCodeOf(error.cause) ?? ''
  if (system !== 'EACCES' && system !== 'EPERM') return ''
  return ` (tried as ${nameOfUser('user')}; run check as the user that runs radsluice)`
}

/** The daemon that runs with this file; undefined if none answers. */
async function runningWith({ admin }: Found, file: string): Promise<StatusReport | undefined> {
  const report = await fetchStatus({ admin: endpointText(admin.listen) }).catch(() => undefined)
  return report !== undefined && resolve(report.config.file) === resolve(file) ? report : undefined
}

function isHeldBy(report: StatusReport | undefined, error: Error): boolean {
  if (report === undefined) return false
  const held = [...report.listeners.map(({ address }) => `UDP ${address}`), `TCP ${report.admin}`, report.adminSocket]
  return held.some((one) => one !== undefined && one !== '' && error.message.includes(one))
}
