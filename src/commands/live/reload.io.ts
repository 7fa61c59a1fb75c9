/**
 * `radsluice reload`: the daemon reads its file again, all or nothing, and says what changed. Exit 0 if it holds, 3 if it was
 * refused.
 */
import type { ReloadResult } from '../../admin/operations.ts'
import { changeLines } from '../../config/outward/change-text.ts'
import { ask, refused } from '../input/admin-client.io.ts'
import { LIVE_OPTIONS } from '../input/admin-options.ts'
import { flag, verb } from '../input/verb.ts'
import { say, writeData, writeJson } from '../terminal/output.io.ts'

const UNPROCESSABLE = 422

export const reload = verb({
  examples: [
    ['reload', 'all or nothing; prints what changed, or every problem if it is refused'],
    ['reload --forget-learned', 'the same, and forget who signs: auto learns again from the next packet on'],
  ],
  options: {
    'forget-learned': flag(
      'Forget which clients and servers `require_message_authenticator: auto` has learned to sign.',
    ),
    ...LIVE_OPTIONS,
  },
  run: async ({ json, 'forget-learned': forget, ...target }) => {
    const body = forget ? { forget_learned: true } : {}
    const response = await ask(target, { method: 'POST', path: '/reload', access: 'control', body })
    if (response.status !== 200 && response.status !== UNPROCESSABLE) throw refused(response)
    if (json) writeJson(response.body)
    else if (response.status === UNPROCESSABLE) {
      for (const problem of (response.body as { problems: readonly string[] }).problems) writeData(problem)
      say('refused: nothing was changed, the old configuration goes on')
    } else {
      const reloaded = response.body as Extract<ReloadResult, { ok: true }>
      for (const warning of reloaded.warnings) say(`warning: ${warning}`)
      for (const line of changeLines(reloaded)) writeData(line)
      writeData(`${reloaded.file} holds (${reloaded.digest.slice(0, 12)})`)
      if (reloaded.forgotLearned) writeData('who signs is forgotten: auto learns anew from the next packet on')
    }
    return response.status === 200 ? 0 : 3
  },
})
