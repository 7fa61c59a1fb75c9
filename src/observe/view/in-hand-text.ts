/**
 * In words: what is in hand, what of it can't be finished, and what becomes of the rest. The log, the admin API and the
 * command line use the same words.
 */
import { CLASS_TRAITS, RECORD_CLASS, TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { ClassForecast, ClassInHand, Forecast, InHand, Obstacle } from './in-hand.ts'

/** What stands in the way, and what to do. */
const OBSTACLES: Readonly<Record<Obstacle, readonly [is: string, advice: string]>> = {
  'no-live-server': [
    'every server is Down or held Down',
    'bring a server back ("radsluice server up NAME", "radsluice status")',
  ],
  'no-answering-server': [
    'no server is Active and has ever answered',
    'wait until a server answers, or see why none does ("radsluice status", the server\'s own log)',
  ],
  'client-rate': [
    'more waits of a client than its own max_rate lets through in that time (clients[].max_rate)',
    'wait until less of it is queued ("radsluice top" says whose it is), raise the max_rate of that client and reload, or raise drain_limit',
  ],
  'queue-too-long': [
    'more waits than the servers that answer may be sent in that time (max_rate, max_outstanding)',
    'wait until less is queued, or raise drain_limit',
  ],
  'set-aside': ['a server that answers others left them unanswered', "look in the server's own log for these records"],
  'no-time': ['drain_limit is 0', 'raise drain_limit'],
}

export const isNothing = (inHand: InHand): boolean => TRAFFIC_CLASSES.every((each) => countOf(inHand[each]) === 0)

/** `48 records (40 queued, 8 outstanding) and 1 login (1 queued)`, or `nothing`. */
export function inHandText(inHand: InHand): string {
  const parts = TRAFFIC_CLASSES.filter((each) => countOf(inHand[each]) > 0)
    .reverse()
    .map((each) => `${counted(countOf(inHand[each]), each)} (${placesOf(inHand[each])})`)
  return parts.join(' and ') || 'nothing'
}

/** What becomes of it if the daemon ends now. */
export function fateText(inHand: InHand): string {
  const records = inHand[RECORD_CLASS]
  const { clientsGaveUp, longestGivenUpSeconds } = records
  const sentence = (count: number, name: TrafficClass, one: string, many: string): string[] =>
    count === 0 ? [] : [`${counted(count, name)}${count === 1 ? one : many}`]
  const age = ageText(longestGivenUpSeconds)
  return [
    ...sentence(
      clientsGaveUp,
      RECORD_CLASS,
      `, last sent ${age} ago: its client has given up, so it is lost for good`,
      `, last sent up to ${age} ago: their clients have given up, so they are lost for good`,
    ),
    ...sentence(
      countOf(records) - clientsGaveUp,
      RECORD_CLASS,
      ': it comes again if its client still sends it after the start, else it is lost',
      ': they come again if their clients still send them after the start, else they are lost',
    ),
    ...TRAFFIC_CLASSES.filter((each) => each !== RECORD_CLASS).flatMap((each) =>
      sentence(
        countOf(inHand[each]),
        each,
        ': its client tries again, or has gone',
        ': their clients try again, or have gone',
      ),
    ),
  ].join('; ')
}

/** Why a stop is refused: what can't be finished, why, what would become of it, and what to do. */
export function refusalText(forecast: Forecast): string {
  const { classes, limitSeconds } = forecast
  const { what, advice } = hindrances(forecast)
  return `not stopped, and it goes on as before: ${what} can't be finished within drain_limit (${limitSeconds} s). In hand: ${inHandText(classes)}; with a stop now: ${fateText(classes)}. To lose nothing: ${advice}. To end it all the same: "radsluice stop --force"`
}

/** Why a drain or a stop will probably not finish, and what to do; undefined if it will. */
export function hindranceText(forecast: Forecast): string | undefined {
  if (forecast.isSafe) return undefined
  const { what, advice } = hindrances(forecast)
  return `${what} can't be finished within drain_limit (${forecast.limitSeconds} s) as it is now: ${advice}`
}

/** What can't be finished and why, by class; and what helps. */
function hindrances({ classes }: Forecast): { readonly what: string; readonly advice: string } {
  const hindered = TRAFFIC_CLASSES.filter((each) => classes[each].unfinishable > 0).reverse()
  const obstacles = hindered.flatMap((each) => classes[each].because.map(({ obstacle }) => obstacle))
  return {
    what: hindered.map((each) => unfinishableText(classes[each], each)).join('; '),
    advice: [...new Set(obstacles)].map((each) => OBSTACLES[each][1]).join('; '),
  }
}

/** The time is over and something is left: the daemon stays. */
export const notStoppedText = (inHand: InHand): string =>
  `not stopped: ${inHandText(inHand)} still in hand when drain_limit was over; it takes nothing new and goes on with these. Wait and stop again; "radsluice resume" takes traffic again; "radsluice stop --force" ends it (${fateText(inHand)})`

export const leftText = (inHand: InHand): string => `${inHandText(inHand)}; ${fateText(inHand)}`

/** `12 min`, `45 s`, `3 h`. */
export function ageText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}

const unfinishableText = ({ because }: ClassForecast, name: TrafficClass): string =>
  because.map(({ obstacle, messages }) => `${counted(messages, name)} (${OBSTACLES[obstacle][0]})`).join(' and ')

const countOf = ({ queued, outstanding }: ClassInHand): number => queued + outstanding

const placesOf = ({ queued, outstanding }: ClassInHand): string =>
  [queued > 0 ? `${queued} queued` : '', outstanding > 0 ? `${outstanding} outstanding` : ''].filter(Boolean).join(', ')

function counted(count: number, name: TrafficClass): string {
  const [one, many] = CLASS_TRAITS[name].nouns
  return `${count} ${count === 1 ? one : many}`
}
