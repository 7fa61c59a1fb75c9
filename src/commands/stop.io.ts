/**
 * `radsluice stop` and `radsluice drain`: no new message is taken, and what is in hand finishes. A stop then ends the
 * daemon, a drain leaves it there to be looked at.
 *
 * Both wait and say what is left. Exit 0 when nothing is in hand (and, for a stop, the daemon is gone), 1 when something
 * was left. A stop is refused while somebody is attached, unless forced.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '../coded-error.ts'
import { TRAFFIC_CLASSES } from '../units.ts'
import { type AdminPlace, askFor, fetchStatus } from './admin-client.io.ts'
import { ADMIN_OPTIONS } from './admin-options.ts'
import { say, writeData, writeJson } from './output.io.ts'
import { type ExitCode, JSON_OPTION, verb } from './verb.ts'

const LOOK_EVERY_MS = 200
/** Beyond the daemon's own limit: for closing. */
const GRACE_SECONDS = 5

interface Begun {
  readonly queued: number
  readonly outstanding: number
  readonly limitSeconds?: number
}

export const stop = verb({
  examples: [
    ['stop', 'takes nothing new, finishes what is in hand within drain_limit, ends'],
    ['stop --force', 'also while somebody has top or trace open'],
  ],
  options: {
    force: { type: 'boolean', default: false, describe: 'Also while somebody is attached to it.' },
    ...ADMIN_OPTIONS,
    json: JSON_OPTION,
  },
  run: async ({ force, json, ...place }) => {
    const asking = { method: 'POST', path: '/stop', body: { force }, access: 'control' } as const
    const begun = (await askFor(place, asking)) as Begun
    const left = await waitFor(place, (begun.limitSeconds ?? 0) + GRACE_SECONDS, json)
    const isGone = left === undefined
    if (json) writeJson({ stopped: isGone, left: left ?? { queued: 0, outstanding: 0 } })
    else writeData(isGone ? 'stopped' : `it still runs, with ${inWords(left)} in hand; look at its log`)
    return isGone ? 0 : 1
  },
})

export const drain = verb({
  examples: [
    ['drain', '/readyz turns 503; wait until nothing is in hand'],
    ['drain --seconds 0', 'the same without waiting'],
  ],
  options: {
    seconds: {
      type: 'number',
      within: [0, 86_400],
      fraction: true,
      default: 60,
      requiresArg: true,
      describe: 'How long to wait until nothing is in hand.',
    },
    ...ADMIN_OPTIONS,
    json: JSON_OPTION,
  },
  run: async ({ seconds, json, ...place }): Promise<ExitCode> => {
    const begun = (await askFor(place, { method: 'POST', path: '/drain', access: 'control' })) as Begun
    const left = seconds > 0 ? await waitFor(place, seconds, json, isNothing) : begun
    const isDone = left === undefined || isNothing(left)
    if (json) writeJson({ drained: isDone, left: left ?? { queued: 0, outstanding: 0 } })
    else writeData(isDone ? 'drained: nothing is in hand; "radsluice stop" ends it' : `${inWords(left)} left in hand`)
    return isDone || seconds === 0 ? 0 : 1
  },
})

const isNothing = ({ queued, outstanding }: Begun): boolean => queued + outstanding === 0

const inWords = ({ queued, outstanding }: Begun): string => `${queued} queued and ${outstanding} outstanding`

/** Looks until the daemon is gone (undefined), `isEnough`, or the time is over; says what is left when that changes. */
async function waitFor(
  place: AdminPlace,
  seconds: number,
  quiet: boolean,
  isEnough: (left: Begun) => boolean = () => false,
): Promise<Begun | undefined> {
  const until = performance.now() + seconds * 1_000
  let said = ''
  for (;;) {
    const left = await inHand(place)
    if (left === undefined || isEnough(left) || performance.now() > until) return left
    const words = inWords(left)
    if (!quiet && words !== said) say(`${words} in hand`)
    said = words
    await sleep(LOOK_EVERY_MS)
  }
}

/** What it has in hand; undefined where nobody answers any more. */
async function inHand({ admin, 'token-file': tokenFile }: AdminPlace): Promise<Begun | undefined> {
  try {
    const { classes } = await fetchStatus(admin, tokenFile)
    const sum = (key: 'queued' | 'outstanding'): number =>
      TRAFFIC_CLASSES.reduce((all, name) => all + classes[name][key], 0)
    return { queued: sum('queued'), outstanding: sum('outstanding') }
  } catch (error) {
    if (codeOf(error) === 'NOT_RUNNING') return undefined
    throw error
  }
}
