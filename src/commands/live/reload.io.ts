/**
 * `radsluice reload`: the daemon reads its file again, all or nothing, and says what that changed. Exit 0 when it holds, 3
 * when it was refused.
 */
import { ask, refused } from '../input/admin-client.io.ts'
import { ADMIN_OPTIONS } from '../input/admin-options.ts'
import { JSON_OPTION, verb } from '../input/verb.ts'
import { say, writeData, writeJson } from '../terminal/output.io.ts'
import { type FoundChanges, foundChanges } from '../text/changes-text.ts'

interface Taken extends FoundChanges {
  readonly file: string
  readonly digest: string
  readonly warnings: readonly string[]
  readonly forgotLearned: boolean
}

const UNPROCESSABLE = 422

export const reload = verb({
  examples: [
    ['reload', 'all or nothing; prints what changed, or every problem where it is refused'],
    ['reload --forget-learned', 'the same, and forget who signs: auto learns anew from the next packet on'],
  ],
  options: {
    'forget-learned': {
      type: 'boolean',
      default: false,
      describe: 'Forget of which clients and servers `require_message_authenticator: auto` has learned that they sign.',
    },
    ...ADMIN_OPTIONS,
    json: JSON_OPTION,
  },
  run: async ({ json, 'forget-learned': forget, ...place }) => {
    const body = forget ? { forget_learned: true } : {}
    const told = await ask(place, { method: 'POST', path: '/reload', access: 'control', body })
    if (told.status !== 200 && told.status !== UNPROCESSABLE) throw refused(told)
    if (json) writeJson(told.body)
    else if (told.status === UNPROCESSABLE) {
      for (const problem of (told.body as { problems: readonly string[] }).problems) writeData(problem)
      say('refused: nothing was changed, the old configuration goes on')
    } else {
      const taken = told.body as Taken
      for (const warning of taken.warnings) say(`warning: ${warning}`)
      for (const line of foundChanges(taken)) writeData(line)
      writeData(`${taken.file} holds (${taken.digest.slice(0, 12)})`)
      if (taken.forgotLearned) writeData('who signs is forgotten: auto learns anew from the next packet on')
    }
    return told.status === 200 ? 0 : 3
  },
})
