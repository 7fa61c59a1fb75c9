/**
 * Faults in the adaptive window, in the slowest pace of a server, and in who sees them.
 */
import { inFile, type Mutation } from './mutation.ts'

const window = inFile('src/throttle/adaptive-window.ts')
const minimum = inFile('src/throttle/recent-minimum.ts')
const pace = inFile('src/throttle/slowest-pace.ts')
const identifiers = inFile('src/throttle/identifiers.ts')
const limits = inFile('src/proxy/work/lane-limits.ts')
const answering = inFile('src/proxy/serving/answering.ts')
const failover = inFile('src/proxy/serving/failover.ts')
const trace = inFile('src/proxy/register/trace.ts')
const sum = inFile('src/instances/shared/sum.ts')
const diagnosis = inFile('src/observe/view/diagnosis.ts')
const alarms = inFile('src/observe/alarms/server-alarms.ts')
const check = inFile('src/config/checks/window-check.ts')
const plan = inFile('src/simulation/plan/plan.ts')

export const WINDOW_MUTATIONS: readonly Mutation[] = [
  // The controller.
  window(
    'each time-out of a second shrinks it',
    'if (this.#hasTimedOut) return\n    this.#hasTimedOut = true',
    'this.#hasTimedOut = true',
  ),
  window('a time-out shrinks it at the end of the second only', 'this.#set((this.#size * AFTER_TIMEOUT) / 10)\n', ''),
  window('it closes', 'Math.max(WINDOW_FLOOR, size)', 'Math.max(1, size)'),
  window(
    'it grows beyond its ceiling',
    'Math.min(this.#ceiling, Math.max(WINDOW_FLOOR, size))',
    'Math.max(WINDOW_FLOOR, size)',
  ),
  window('an idle window grows', 'if (isHalfUsed) this.#set', 'this.#set'),
  window(
    'an empty part of the window queues',
    'const queued = (used * waited)',
    'const queued = (this.#size * waited)',
  ),
  window('it shrinks from its own size', 'this.#set(used - ', 'this.#set(this.#size - '),
  window('it takes more for used than it has', 'Math.min(this.#size, this.#mostTaken)', 'this.#mostTaken'),
  window('jitter at a healthy server shrinks it', ' && (isHalfUsed || 10 * waited >= LONG_WAIT * this.#timeout)', ''),
  window(
    'what is less than half used never shrinks',
    '(isHalfUsed || 10 * waited >= LONG_WAIT * this.#timeout)',
    'isHalfUsed',
  ),
  window('what a slow server takes by itself is a wait', '10 * waited >= LONG_WAIT', '10 * mean >= LONG_WAIT'),
  window(
    'a reload does not change its time-out',
    'this.#timeout = timeout\n    this.#size = wasThere',
    'this.#size = wasThere',
  ),
  window('it shrinks by all that queues', '(queued - MANY_QUEUED) / 2', 'queued - MANY_QUEUED'),
  window(
    'a small window does not grow',
    'Math.max(1, (this.#size * GROWTH) / 10)',
    'Math.floor((this.#size * GROWTH) / 10)',
  ),
  window(
    'noise of a near server is a queue',
    'Math.max(LEAST_BASE, this.#responseTimes / this.#answers)',
    'this.#responseTimes / this.#answers',
  ),
  window('a few answers are a mean', 'const ENOUGH_ANSWERS = 8', 'const ENOUGH_ANSWERS = 1'),
  window('a slow server never grows its window again', 'const goesOn = !isEnough &&', 'const goesOn = isEnough &&'),
  window('answers of long ago are measured with those of now', ' && second - this.#since < LONGEST_MEASURE', ''),
  window(
    'a second with a time-out grows it all the same',
    '    if (this.#hasTimedOut) return\n    const waited',
    '    const waited',
  ),
  window('another ceiling opens a lowered window', 'wasThere ? ceiling : Math.min(this.#size, ceiling)', 'ceiling'),
  window(
    'a higher ceiling is never reached by a full window',
    'wasThere ? ceiling : Math.min(this.#size, ceiling)',
    'Math.min(this.#size, ceiling)',
  ),
  minimum('nothing is ever forgotten', '      this.#minima[(part - left + 1) % length] = NOTHING\n', ''),
  minimum(
    'only the newest part counts',
    'this.#minima[place] = Math.min(this.#minima[place]!, value)',
    'this.#minima.fill(value)',
  ),
  minimum(
    'what is over counts until the next value comes',
    'let at = Math.max(0, part - length + 1)',
    'let at = Math.max(0, this.#part - length + 1)',
  ),
  // The slowest pace.
  pace('a quiet second counts', 'this.#isBusy &&= isBusy', 'this.#isBusy ||= isBusy'),
  pace('the second in which the load begins counts', 'this.#isBusy = this.#wasBusy', 'this.#isBusy = true'),
  pace('the second in which a server stops is its pace', 'Math.max(this.#counted, this.#answers)', 'this.#answers'),
  pace(
    'any two seconds follow each other',
    'if (this.#countedSecond === this.#second - 1) ',
    'if (this.#counted > 0) ',
  ),
  // The lane.
  identifiers('a window bounds nothing', 'Math.min(this.#maxOutstanding, window.size)', 'this.#maxOutstanding'),
  limits(
    'an adaptive window is not switched off',
    "if (adaptive === 'off') places.window = undefined",
    "if (adaptive === 'off' && places.window === undefined) places.window = undefined",
  ),
  limits('a reload forgets the window', 'else if (places.window === undefined)', 'else if (maxOutstanding > 0)'),
  limits('the use of the window is not looked at', '    window?.used(taken, now)\n', ''),
  limits('a full window is not busy', '|| this.identifiers.room() <= 1', ''),
  limits('who waits is not looked at', 'answered(isWaitedFor || this', 'answered(this'),
  answering('a response after a retry is a response time', '    if (attempt.tries > 1) return\n', ''),
  answering('late answers are no pace', '    lane.limits.heard(lane, now)\n    this.#parts', '    this.#parts'),
  failover('time-outs are not told to the window', '      lane.limits.identifiers.places.window?.timedOut(now)\n', ''),
  // What is seen.
  trace('the trace blames max_outstanding', 'const isWindow = most <', 'const isWindow = most < 0 && most <'),
  sum('the window of one instance is that of all', 'a.window + b.window', 'a.window'),
  diagnosis('twice as many as fit', 'answers.timeout) / 2 /', 'answers.timeout) /'),
  alarms('the best instance is judged', 'excessOf(b) - excessOf(a)', 'excessOf(a) - excessOf(b)'),
  alarms(
    'a window at its floor is none that has fallen (once a bug)',
    'Math.max(WINDOW_FLOOR, COLLAPSED * maxOutstanding)',
    'COLLAPSED * maxOutstanding',
  ),
  alarms('a window that is always small has fallen', 'maxOutstanding >= 2 * WINDOW_FLOOR &&', 'maxOutstanding > 0 &&'),
  alarms('the widest window is judged', 'share(a) - share(b)', 'share(b) - share(a)'),
  check('a wide window passes', 'if (most <= Math.max(ALWAYS_ALLOWED, inTime)) continue', 'if (most > 0) continue'),
  check(
    'what fits is warned of',
    'Math.max(ALWAYS_ALLOWED, inTime)) continue',
    'Math.max(ALWAYS_ALLOWED, inTime / 2)) continue',
  ),
  plan('a slow moment throttles', 'const OVER_LITTLE = 4', 'const OVER_LITTLE = 1'),
]
