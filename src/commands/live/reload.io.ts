/**
 * `radsluice reload`: the daemon reads its file again, all or nothing, and says what changed. Exit 0 if it holds, 3 if it was
 * refused.
 */
import type { ReloadResult } from '../../admin/operations.ts'
import { changeLines } from '../../config/outward/change-text.ts'
import { askToRead } from '../input/admin-client.io.ts'
import { LIVE_OPTIONS } from '../input/admin-options.ts'
import { flag, verb } from '../input/verb.ts'
import { say, writeData, writeJson } from '../terminal/output.io.ts'

type Reloaded = Extract<ReloadResult, { ok: true }>

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
    const answer = await askToRead<Reloaded>(target, { method: 'POST', path: '/reload', body })
    if (json) writeJson(answer)
    else if ('problems' in answer) {
      for (const problem of answer.problems) writeData(problem)
      say('refused: nothing was changed, the old configuration goes on')
    } else {
      for (const warning of answer.warnings) say(`warning: ${warning}`)
      for (const line of changeLines(answer)) writeData(line)
      writeData(`${answer.file} holds (${answer.digest.slice(0, 12)})`)
      if (answer.forgotLearned) writeData('who signs is forgotten: auto learns anew from the next packet on')
    }
    return 'problems' in answer ? 3 : 0
  },
})
