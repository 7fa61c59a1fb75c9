/**
 * Faults that somebody could make in what the shell does around the engine: when a thread is started again and what is
 * counted over all threads, which settings hold, what operators may do, how a daemon drains, resumes and ends, and what the
 * command line says of it.
 */
import { inFile, type Mutation } from './mutation.ts'

const ending = inFile('src/daemon/ending.ts')
const operations = inFile('src/admin/operations.ts')
const overrides = inFile('src/admin/overrides.ts')
const reload = inFile('src/daemon/reload.ts')
const status = inFile('src/commands/text/status-text.ts')
const stop = inFile('src/commands/text/stop-text.ts')
const screen = inFile('src/commands/text/top-frame.ts')
const traces = inFile('src/admin/traces.ts')
const view = inFile('src/daemon/view-of.ts')
const rollout = inFile('src/instances/rollout.ts')
const supervisor = inFile('src/instances/supervisor.ts')

export const SHELL_MUTATIONS: readonly Mutation[] = [
  supervisor('a thread that starts and ends is a crash', '!this.#isRunning || life', 'life'),
  supervisor(
    'an old thread that ends late is a crash of the new one',
    ' || life !== this.#life) return undefined',
    ') return',
  ),
  supervisor(
    'an instance that was closed gets another thread',
    'if (this.#isClosed || !this.#isRunning',
    'if (!this.#isRunning',
  ),
  supervisor(
    'a start that failed is tried again after the end',
    'return this.#isClosed ? undefined : this.#restartAfterMs(now)',
    'return this.#restartAfterMs(now)',
  ),
  supervisor(
    'what a thread served before it failed is forgotten',
    'if (this.#former !== undefined) this.#keep',
    'if (this.#life < 0 && this.#former !== undefined) this.#keep',
  ),
  supervisor('ends count for ever', '.filter((at) => now - at < ENDS_COUNT_FOR)', ''),
  supervisor(
    'the second thread comes as late as the third',
    'RESTART_AFTER_MS.length) - 1]',
    'RESTART_AFTER_MS.length - 1)]',
  ),
  supervisor(
    'the counters of the first thread are forgotten with the second',
    'this.#former === undefined ? left',
    'this.#former !== undefined ? left',
  ),
  supervisor(
    'what was counted before is not shown',
    'isRunning && this.#former !== undefined ? with',
    'isRunning && this.#former === view.engine ? with',
  ),
  supervisor(
    'an instance that does not run counts twice',
    'const engine = isRunning && this.#former',
    'const engine = this.#former',
  ),
  supervisor(
    'a view that comes late hides what was counted since',
    'return this.#isRunning && life === this.#life',
    'return this.#isRunning',
  ),
  supervisor(
    'a view of a thread that ended is shown',
    'return this.#isRunning && life === this.#life',
    'return life === this.#life',
  ),
  supervisor('slots of the second of the crash are used again', '(secondOf(at) + 1)', 'secondOf(at)'),
  supervisor(
    'a thread is not told the addresses that the thread before it was told',
    'this.#told?.life === this.#life && ',
    '',
  ),
  supervisor('sockets of a thread that ended are shown', 'engine: former, upstreams: []', 'engine: former'),

  ending('a drain takes the place of a stop', 'return this.isStopping ? [] : this.#drain', 'return this.#drain'),
  ending(
    'a second stop with force waits too',
    'if (before?.force === true) return this.#end',
    'if (!force) return this.#end',
  ),
  ending(
    'a stop without force ends one with force',
    '(before !== undefined && !force)',
    '(before?.force === false && !force)',
  ),
  ending(
    'a second stop without force begins anew',
    '(before !== undefined && !force)',
    '(before?.force === true && !force)',
  ),
  ending(
    'a stop with force gives records their time',
    "force ? 'end' : 'keep', by, limit",
    "force ? 'keep' : 'keep', by, limit",
  ),
  ending(
    'a stop is taken back',
    "if (this.isStopping) return [{ do: 'answer', askers: [asker], resumed: 'stopping' }]",
    '',
  ),
  ending('a second resume takes the place of the first', 'if (underWay !== undefined) return []', ''),
  ending('a resume overrules the drain that came after it', 'if (turn !== this.#turn) {\n', 'if (turn < 0) {\n'),
  ending('a drain that was taken back is told as done', 'if (turn !== this.#turn) return []', ''),
  ending('a stop that is done stays a drain', "return this.isStopping ? this.#end('') :", 'return'),
  ending(
    'the limit ends a stop without force',
    "return this.#stopping.force ? this.#end('drain_limit is over') :",
    "return this.#turn > 0 ? this.#end('drain_limit is over') :",
  ),
  ending(
    'the limit has a word after the last one',
    'turn !== this.#turn || this.#isEnding) return []',
    'turn !== this.#turn) return []',
  ),
  ending(
    'the limit of a stop ends the one with force that came after',
    'if (turn !== this.#turn || this',
    'if (this.#stopping === undefined || this',
  ),
  ending('a stop that did not end is under way for ever', '    this.#stopping = undefined\n', ''),
  ending(
    'what is done after a stop that did not end is told to nobody',
    "      { do: 'await-idle', turn: this.#turn },\n    ]",
    '    ]',
  ),
  ending('something was left, and the process ends with 0', '(isNothing(left) ? 0 : 1)', '0'),
  ending('a daemon that drains runs', "return this.#isDraining ? 'draining' : 'running'", "return 'running'"),
  ending('a daemon that starts runs', "    if (!this.#isOpen) return 'starting'\n", ''),
  ending('it ends twice', 'if (this.#isEnding) return []', ''),
  ending(
    'a limit is left after the end',
    "return [{ do: 'clear-limit' }, { do: 'end', why }]",
    "return [{ do: 'end', why }]",
  ),
  ending('a daemon that takes traffic again says that it drains', '    this.#isDraining = false\n', ''),

  reload(
    'the file is read during a drain',
    "    if (phase === 'draining') return this.#refuse([asker], [DRAINS])\n",
    '',
  ),
  reload('a reload is accepted by a drain only', "if (phase === 'draining')", "if (phase !== 'draining')"),
  reload('the file is read before the daemon serves', "this.#isOver || phase === 'starting'", 'this.#isOver'),
  reload('the file is read after the end', "this.#isOver || phase === 'starting'", "phase === 'starting'"),
  reload(
    'a reload is accepted before the start and after the end',
    "if (this.#isOver || phase === 'starting') {",
    "if (!this.#isOver && phase !== 'starting') {",
  ),
  reload(
    'a reload that waits is not shared',
    "(one) => one.kind === 'reload')\n    if",
    "(one) => one.kind === 'reload' && one.forgetLearned)\n    if",
  ),
  reload('who joins a reload makes it forget nothing', 'waiting.forgetLearned ||= forgetLearned', ''),
  reload(
    'each reload forgets what was learned',
    'forgets: this.#layers.forgets + (forgetLearned ? 1 : 0)',
    'forgets: this.#layers.forgets + 1',
  ),
  reload(
    'settings hold before all instances have them',
    "    this.#underWay = { askers, layers, result }\n    return [{ do: 'roll-out', layers }]\n  }\n\n  /** All",
    "    this.#underWay = { askers, layers, result }\n    this.#layers = layers\n    return [{ do: 'roll-out', layers }]\n  }\n\n  /** All",
  ),
  reload('two changes are under way at once', ' || this.#underWay !== undefined) return []', ') return []'),
  reload('the file is read twice for one reload', ' || this.#isReading || ', ' || '),
  reload(
    'a reload that was accepted is still refused',
    '      refused: undefined,\n',
    '      refused: this.#status.refused,\n',
  ),
  reload('a reload goes on after the end', 'if (this.#isOver) {', 'if (this.#isOver && !read.ok) {'),
  reload(
    'an override goes on after the end',
    'if (this.#isOver) return [',
    'if (this.#isOver && this.#isReading) return [',
  ),
  reload(
    'a port that is taken is a bug',
    "if ('ok' in result && isOfSystem)",
    "if ('ok' in result && isOfSystem && error === undefined)",
  ),
  reload(
    'a bug is a refusal',
    'error instanceof Error && systemCodeOf(error.cause) !== undefined',
    'error instanceof Error',
  ),
  reload(
    'what waits behind a reload that failed waits for ever',
    'return [...this.#refuse(askers, [error.message]), ...this.#next()]',
    'return this.#refuse(askers, [error.message])',
  ),
  reload(
    'what waits behind a file with a fault waits for ever',
    'return [...this.#refuse(askers, read.problems.map(formatProblem)), ...this.#next()]',
    'return this.#refuse(askers, read.problems.map(formatProblem))',
  ),
  reload(
    'what waits behind an override waits for ever',
    "{ do: 'answer-override', askers, result }, ...this.#next()]\n    this.#status",
    "{ do: 'answer-override', askers, result }]\n    this.#status",
  ),
  reload(
    'what needs a restart holds at once',
    'const config = withRestartSettingsOf(this.#layers.config, read.config)\n    const { overrides, ...found }',
    'const config = read.config\n    const { overrides, ...found }',
  ),
  reload(
    'a reload waits for a restart for ever',
    '      waitingForRestart: result.waitingForRestart,\n',
    '      waitingForRestart: [...this.#status.waitingForRestart, ...result.waitingForRestart],\n',
  ),
  reload(
    'a reload keeps the rates that operators set',
    'const overrides = keptOverReload(before.overrides, engineOptions(config))',
    'const overrides = before.overrides',
  ),

  overrides(
    'a server that is gone is held Down',
    'const held = [...others, ...added].filter((one) => laneIn(options, one))',
    'const held = [...others, ...added]',
  ),
  overrides(
    'a server that is gone has a rate',
    'maxRate, configured, ...mark }].filter((one) => laneIn(options, one))',
    'maxRate, configured, ...mark }]',
  ),
  overrides(
    'a lane has two rates',
    'const others = before.maxRates.filter((one) => !isOf(lane)(one))',
    'const others = before.maxRates',
  ),
  overrides(
    'the rate of the file is the one that was asked for',
    'laneIn(options, lane)?.maxRate ?? maxRate',
    'maxRate',
  ),
  overrides(
    'who holds a server anew has held it from the start',
    'isHeld(before, lane) !== change.isHeldDown',
    'isHeld(before, lane) !== change.isHeldDown || change.isHeldDown',
  ),
  overrides(
    'a reload lets go what is held Down',
    'held: held.filter((one) => laneIn(options, one)),',
    'held: held.filter((one) => laneIn(options, one) === undefined),',
  ),

  operations(
    'a stop ends a daemon that somebody follows',
    '...(attached.length === 0 ? [] : [somebody])',
    '...(attached.length >= 0 ? [] : [somebody])',
  ),
  operations('a stop loses what is in hand', '...(forecast.isSafe ? [] : [refusalText(forecast)])', ''),
  operations('a stop that is under way is refused', 'if (force || ending.isStopping) return', 'if (force) return'),
  operations('a stop with force is refused', 'if (force || ending.isStopping) return', 'if (ending.isStopping) return'),
  operations('a server is held Down while a stop is under way', '  if (ending.isStopping) return STOPPING\n', ''),
  operations('both classes are held Down where one was named', ' && (name ?? each) === each)', ')'),
  operations('a class that a server does not take is held Down', 'found.lanes[each] !== undefined && ', ''),

  traces('a reader is told before all instances follow', 'trace?.hasBegun === true ?', 'trace !== undefined ?'),
  traces('a slow reader counts what it missed as told', 'if (isWritten) trace.told += 1', 'trace.told += 1'),
  traces('what a slow reader missed is not told', 'lost + (isWritten ? 0 : 1)', 'lost'),
  traces('a trace has one more than it wanted', 'trace.told >= trace.count', 'trace.told > trace.count'),
  traces('a trace that ended is followed', '    this.#traces.delete(number)\n', ''),

  stop('what was left is no failure of a stop', 'code: isClean && isGone ? 0 : 1', 'code: isGone ? 0 : 1'),
  stop('a daemon that still runs is stopped', 'code: isClean && isGone ? 0 : 1', 'code: isClean ? 0 : 1'),
  stop('a stop that was refused at its limit is done', 'line: last.error, code: 1', 'line: last.error, code: 0'),
  stop('a connection that broke is a stop', '{seen}`, code: 1', '{seen}`, code: 0'),
  stop('a drain that was taken back is done', 'resumed: true }, line, code: 1', 'resumed: true }, line, code: 0'),
  stop('a drain with something in hand is done', ' || inHand === undefined || isNothing(inHand)) {', ' || inHand) {'),
  stop('a drain has its time over and is done', 'code: seconds === 0 ? 0 : 1', 'code: 0'),
  stop('a drain that nobody waits for has failed', 'code: seconds === 0 ? 0 : 1', 'code: 1'),
  stop(
    'a daemon that ended in a drain left nothing',
    'last !== undefined && isNothing(last.left)',
    'last !== undefined',
  ),
  stop('a connection that broke is a drain', 'last === undefined && inHand === undefined', 'inHand === null'),
  stop('a daemon that does not answer has gone', "if (seen === 'NOT_RUNNING' ||", "if (typeof seen !== 'number' ||"),
  stop('a daemon that answers has gone', ' && pid !== undefined && seen !== pid)', ' && pid !== undefined)'),
  stop('a daemon that was started again is the old one', ' && pid !== undefined && seen !== pid)', ' && pid === null)'),
  stop('a daemon is waited for without end', 'waitedMs < GONE_WITHIN_MS ? undefined : false', 'undefined'),
  stop('a daemon that still runs after the time has gone', '? undefined : false', '? undefined : true'),
  stop(
    'what is in hand is said each second',
    ' || (before.inHand !== undefined && words',
    ' || (before.inHand === null && words',
  ),
  stop('a daemon says what hinders a drain to nobody', 'hindrance === undefined ? []', 'hindrance !== null ? []'),
  screen('a screen that is paused goes on', '  if (former?.isPaused) return former\n', ''),
  screen(
    'a screen shows a notice for ever',
    'isPaused: false, notice: undefined }',
    'isPaused: false, notice: former?.notice }',
  ),
  screen('a screen has no rates', 'before: former?.report, sort', 'before: undefined, sort'),
  screen('a screen is scrolled beyond its end', 'Math.min(skipped + 1, report.lanes.length - 1)', 'skipped + 1'),
  screen('a screen is scrolled beyond its beginning', 'Math.max(0, skipped - 1)', 'skipped - 1'),
  screen('Ctrl-C is no end', " || key === 'interrupt'", ''),
  status('a daemon that is degraded is ok', '(ok ? 0 : 1)', '0'),

  view(
    'an address that one instance lacks is listened at',
    "if (found.get(key)?.presence !== 'absent')",
    'if (!found.has(key) || one.presence !== found.get(key)?.presence)',
  ),
  view(
    'drops of listeners are those of the sockets towards servers',
    'kernelDrops.slice(listeners.length)',
    'kernelDrops.slice(1)',
  ),
  view('drops that nobody can tell are none', 'upstreamDrops.length === 0 ? undefined :', ''),
  view('errors of the instances are not shown', ', ...instances.map(({ watchErrors }) => watchErrors)', ''),

  rollout('a daemon starts with the addresses that it gets', 'mustHaveAll: !this.#hasServed', 'mustHaveAll: false'),
  rollout(
    'a thread that starts again ends where an address is gone',
    'mustHaveAll: !this.#hasServed',
    'mustHaveAll: true',
  ),
]
