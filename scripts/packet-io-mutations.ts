/**
 * Faults in which packet I/O is used: what counts as passed, what is kept, and what is said of it.
 */
import { inFile, type Mutation } from './mutation.ts'

const choice = inFile('src/transport/choice/packet-io.ts')
const result = inFile('src/transport/choice/self-test-result.ts')
const marks = inFile('src/transport/choice/start-marks.ts')
const opening = inFile('src/instances/thread/open-transport.io.ts')
const look = inFile('src/transport/batched/second-look.ts')
const pace = inFile('src/transport/batched/epoll-pace.io.ts')
const judgements = inFile('src/observe/judgements.ts')
const view = inFile('src/daemon/view-of.ts')

export const PACKET_IO_MUTATIONS: readonly Mutation[] = [
  choice(
    'a test that failed counts as passed',
    "if (!result.ok) return dgram('self-test-failed'",
    "if (false) return dgram('self-test-failed'",
  ),
  choice(
    'dgram that was set is tested all the same',
    "wanted === 'dgram' || !isFit(platform) || koffi",
    '!isFit(platform) || koffi',
  ),
  choice('auto waits for the test', "wanted === 'batched' ? 'now' : 'beside'", "'now'"),
  choice(
    'a machine of another kind is tried',
    "['linux x64', 'linux arm64'].includes(platform)",
    "platform.startsWith('linux')",
  ),
  choice('a daemon changes what it serves with', "if (serves === 'dgram') return", "if (serves === 'batched') return"),
  choice('auto over dgram is a concern', "wanted === 'batched' && use === 'dgram'", "use === 'dgram'"),
  choice(
    'a daemon that ended early starts over batches for ever',
    'if (facts.earlyEnds >= MOST_EARLY_ENDS) return dgram',
    'if (facts.earlyEnds < 0) return dgram',
  ),
  marks('a daemon that still runs has ended early', ' || isRunning', ''),
  marks('another daemon ended early, so this one did', 'mark.daemon !== here.daemon || ', ''),
  marks('a power cut is an early end', 'mark.boot !== here.boot', "mark.boot === ''"),
  marks(
    'a koffi that was replaced ended it early',
    "mark.surroundings === here.surroundings ? 'ended-early'",
    "mark.surroundings !== '' ? 'ended-early'",
  ),
  result(
    'a program that aborts at its end has passed',
    'if (signal !== null) return failed(`it was ended by',
    'if (signal === undefined) return failed(`it was ended by',
  ),
  result('an exit code is no matter', 'return exitCode === 0 ? line', 'return exitCode !== null ? line'),
  result('whoever kills the test decides for good', ' && FROM_OUTSIDE.includes(signal)', ' && false'),
  result('a result counts wherever it was made', "kept?.['surroundings'] !== surroundings", 'kept === undefined'),
  result('what may pass is kept', 'result.ok || !result.isTransient', 'result.ok || result.isTransient'),
  result('what was printed first is the result', ".split('\\n').at(-1)", ".split('\\n').at(0)"),
  look(
    'a look that comes too soon comes sooner',
    'STEP * (share - this.#foundSooner',
    'STEP * (this.#foundSooner - share',
  ),
  look(
    'servers far away keep it from looking for the near ones',
    'const LEAST_SHARE = 1 / 4',
    'const LEAST_SHARE = 7 / 8',
  ),
  look(
    'servers far away are looked for with each turn',
    'this.#pausesUntil = after(now, PAUSE)',
    'this.#pausesUntil = now',
  ),
  look('a delay can shrink to nothing, and never grows again', 'Math.max(this.#tick * LEAST, ', 'Math.max(0, '),
  look('a turn that sent nothing is followed by a look', 'requests > 0 && ', ''),
  look('a look is made beyond the next turn', ' || this.#at >= until', ''),
  pace('a look begins a new tick', 'this.#tick.looked(messages)', 'this.#tick.turned(messages, from)'),
  pace('a look takes requests', 'this.#waiting.pollResponses()', 'this.#waiting.poll(AT_ONCE)'),
  pace(
    'the main thread is not heard after a look',
    'return this.#isLook\n',
    'return this.#isLook || this.#waiting.poll(LONGEST_WAIT)\n',
  ),
  opening('an instance that can not open it ends', '  } catch (error) {\n', '  } catch (error) {\n    throw error\n'),
  judgements(
    'an instance that fell back is not told of',
    'if (opened.fellBack !== undefined) found',
    'if (false) found',
  ),
  judgements('dgram may steer by address', 'instances.length > 1 &&', 'instances.length > 9 &&'),
  view('drops of one instance stand for all', 'told.reduce((a, b) => a + b, 0)', '(told[0] ?? 0)'),
]
