/**
 * `radsluice trace`: follows single requests through a running daemon, one line for each step. It ends by time, by count, or with
 * Ctrl-C. Passwords are never shown. Exit 0 if a step was seen, else 1.
 */
import { codedError } from '../../coded-error.ts'
import { codeName } from '../../radius/names/names.io.ts'
import { follow } from '../input/admin-client.io.ts'
import { LIVE_OPTIONS, queryOf } from '../input/admin-options.ts'
import { numberOption, textOption, verb } from '../input/verb.ts'
import { say, writeData } from '../terminal/output.io.ts'
import { stepText, type TracedStep } from '../text/trace-text.ts'

interface Ended {
  readonly ended: 'time' | 'count'
  readonly told: number
  readonly lost: number
}

type Message = TracedStep | Ended | { readonly following: object } | { readonly waiting: true }

export const trace = verb({
  examples: [
    ['trace --user alice@example.net', 'every step of the requests of that user, for a minute'],
    ['trace --client bng-1 --count 20 --json', 'the first twenty steps of that client, for a program'],
  ],
  options: {
    client: textOption('The name of a client in the configuration.'),
    user: textOption('A User-Name, octet by octet.'),
    session: textOption('An Acct-Session-Id, octet by octet.'),
    seconds: {
      ...numberOption('End after this many seconds, 3600 at most. Exit 1 if no step was seen by then.'),
      within: [1, 3_600],
      default: 60,
    },
    count: { ...numberOption('End after this many steps, 100000 at most.'), within: [1, 100_000], default: 1_000 },
    ...LIVE_OPTIONS,
  },
  run: async ({ client, user, session, seconds, count, json, ...target }) => {
    if (client === undefined && user === undefined && session === undefined) {
      throw codedError('USAGE', 'say what to follow: --client NAME, --user NAME or --session ID')
    }
    const path = `/trace?${queryOf({ seconds, count, client, user, session })}`
    const interrupt = new AbortController()
    process.once('SIGINT', () => interrupt.abort())
    let seen = 0
    try {
      for await (const line of follow(target, { method: 'GET', path }, interrupt.signal)) {
        if (line === '') continue
        const message = JSON.parse(line) as Message
        if ('step' in message) {
          seen += 1
          writeData(json ? line : stepText(message, codeName))
        } else if ('following' in message) say(`following for ${seconds} s or ${count} steps; Ctrl-C ends it`)
        else if ('ended' in message) say(endText(message))
      }
    } catch (error) {
      if (!interrupt.signal.aborted) throw error
    }
    return seen > 0 ? 0 : 1
  },
})

const endText = ({ ended, told, lost }: Ended): string => {
  const why = ended === 'time' ? 'the time is over' : 'the count is reached'
  const left = lost === 0 ? '' : `; ${lost} more were left out, since there were too many in a second`
  return `${why}: ${told} steps${left}`
}
