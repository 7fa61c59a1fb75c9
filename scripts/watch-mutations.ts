/**
 * Faults that somebody could make in what watches: which interval is judged, what is foreseen, which lines are lost or held
 * back, and the files of a day.
 */
import { inFile, type Mutation } from './mutation.ts'

const outbox = inFile('src/observe/alarms/alert-outbox.ts')
const judge = inFile('src/observe/alarms/judge.ts')
const buffer = inFile('src/observe/log/line-buffer.ts')
const lines = inFile('src/observe/log/event-lines.ts')
const files = inFile('src/observe/log/day-files.ts')
const view = inFile('src/instances/protocol/instance-view.ts')

export const WATCH_MUTATIONS: readonly Mutation[] = [
  judge(
    'the last view of an interval has its delay',
    'Math.max(this.#worstDelay.get(number) ?? 0, loopDelay.p99)',
    'loopDelay.p99',
  ),
  judge('the worst delay is never forgotten', '    this.#worstDelay = new Map()\n', ''),
  judge(
    'a view in between changes the health',
    'this.#hasJudged ? view.watch.health : healthScoreOf(interval, this.#options.penalties)',
    'healthScoreOf(interval, this.#options.penalties)',
  ),
  judge(
    'a view in between has the alarms of the poll alone',
    'const foreseen = this.#alarms.foresee(readings, unixSeconds)',
    'const foreseen: Alarm[] = []',
  ),
  judge(
    'an interval that is not over is as short as it is',
    ', this.#worstDelay, leastSeconds)',
    ', this.#worstDelay)',
  ),
  judge(
    'what can not be read clears its alarm',
    "('alarms', () => read(interval), 'unknown')",
    "('alarms', () => read(interval), [])",
  ),
  outbox('each failure is told', 'const isFirst = this.#failing === undefined', 'const isFirst = true'),
  outbox('no failure is told', 'const isFirst = this.#failing === undefined', 'const isFirst = false'),
  outbox('a webhook fails for ever', '    this.#failing = undefined\n', ''),
  outbox('why a webhook fails is not shown', '    this.#failing = why\n', "    this.#failing = ''\n"),
  outbox('an alarm ends before it is sent again', 'INTERVALS_UNTIL_CLEARED * resendSeconds', '0 * resendSeconds'),
  outbox('a cleared alarm ends later', 'clearedUnixSeconds ?? unixSeconds +', 'unixSeconds +'),
  outbox('failures are not counted', '    this.#deliveries.failed += 1\n', ''),
  outbox('deliveries are not counted', '    this.#deliveries.ok += 1\n', ''),
  buffer('a limit is one line too high', 'this.#length + line.length > this.#limit', 'this.#length > this.#limit'),
  buffer(
    'a text that was written to its end leaves its line open',
    'this.#isMidLine = bytes.at(-1) !== NEWLINE',
    'this.#isMidLine ||= bytes.at(-1) !== NEWLINE',
  ),
  buffer('lines that wait are not lost with the text', '    this.lost += this.#lines.length\n', ''),
  lines(
    'an address of a stranger is a kind of its own',
    "[name, reason, client ?? '']",
    "[name, reason, client ?? '', from.address]",
  ),
  lines('a late response has no hint', 'late === undefined ? hintOf(reason) : lateHint(late)', 'hintOf(reason)'),
  files('shed is rounded down', 'Math.ceil(traffic.shed)', 'Math.floor(traffic.shed)'),
  files('a line is due twice in one quarter', 'left < 1_000 ? left + QUARTER_MS : left', 'left'),
  view('a client that had traffic is sent by its name', 'client.isUntouched ? client.name', 'true ? client.name'),
]
