/**
 * Faults in how accounting records are read and added up: wraps and resets, what is unknown, and when a bundle is complete.
 */
import { inFile, type Mutation } from './mutation.ts'

const sessionFigures = inFile('src/accounting/sessions/session-figures.ts')
const figures = inFile('src/accounting/record/figures.ts')
const bundles = inFile('src/accounting/sessions/bundles.ts')
const sessions = inFile('src/accounting/sessions/sessions.ts')
const record = inFile('src/accounting/record/record.ts')
const impossible = inFile('src/accounting/record/impossible.ts')
const rewriting = inFile('src/accounting/record/rewriting.ts')
const accounts = inFile('src/proxy/admission/record-watch.ts')
const records = inFile('src/proxy/register/records.ts')
const memory = inFile('src/proxy/register/record-memory.ts')
const exchanges = inFile('src/proxy/register/exchanges.ts')
const rewrite = inFile('src/radius/rewrite.ts')
const coalescing = inFile('src/proxy/admission/coalescing.ts')

export const ACCOUNTING_MUTATIONS: readonly Mutation[] = [
  // Wraps and resets.
  sessionFigures(
    'a 64-bit counter that lost its high half has wrapped',
    'return hadHigh || !(elapsedOf',
    'return !(elapsedOf',
  ),
  sessionFigures(
    'a counter wraps though no time has passed',
    "return hadHigh || !(elapsedOf(words, at, record)! > 0) ? 'fell' : 'wrapped'",
    "return hadHigh ? 'fell' : 'wrapped'",
  ),
  sessionFigures(
    'a high half that is left out is zero (once a bug)',
    "if (record.has(HIGH[i]!)) return 'said'",
    "if (record.has(HIGH[i]!) || (words[at + layout.FLAGS]! & (layout.FIRST_HIGH << i)) !== 0) return 'said'",
  ),
  sessionFigures('a 32-bit counter that wrapped was set back', "> 0) ? 'fell' : 'wrapped'", "> 0) ? 'fell' : 'fell'"),
  sessionFigures(
    'a high half that was lost is counted whole when it comes again',
    'if ((flags & (layout.FIRST_LOST << i)) !== 0) highGrowth = 0\n',
    '',
  ),
  sessionFigures('wraps that were counted are counted again with the first high half', 'words[highAt]! += 1\n', ''),
  sessionFigures(
    'a counter that one record leaves out begins anew',
    "if (!isKnown(words, at, i)) return 'first'",
    "if (!isPresent(words, at, LOW[i]!)) return 'first'",
  ),
  sessionFigures(
    'a Stop that was overtaken has the newer figures (once a bug)',
    'highBefore, words[at + layout.COUNTER + LOW[i]!]!, high, low)) return false',
    'highBefore, words[at + layout.COUNTER + LOW[i]!]!, high, low)) return true',
  ),
  sessionFigures(
    'the times of a session go back',
    'if (isLater) words[at + layout.TIME] = time',
    'words[at + layout.TIME] = time',
  ),
  sessionFigures(
    'a record from before the last wrap gets it, too',
    'low === undefined || time < words[at + layout.INPUT_WRAPPED_AT + way]!',
    'low === undefined',
  ),
  impossible('control packets are held against the octets (once a bug)', '(packetsLow - control)', 'packetsLow'),
  sessionFigures('nothing is borrowed from the high half', 'highGrowth -= 1\n', ''),
  sessionFigures('what a wrap counted is left out of the traffic', 'grow(total, 0, lowGrowth)\n', ''),
  sessionFigures(
    'a session that was met on its way began with us',
    'if ((flags & layout.FROM_ZERO) !== 0) grow(',
    'if (flags >= 0) grow(',
  ),
  sessionFigures(
    'octets that wrapped are held against the packets',
    ' && words[at + layout.INPUT_WRAPS + way] === 0',
    '',
  ),

  // What is unknown stays unknown.
  figures(
    'the zeros of a member link are figures',
    'if (!record.isMemberLink) return true\n',
    'if (record !== undefined) return true\n',
  ),
  figures(
    'a member link that tells families is not believed',
    'if ((record.number(field as Field) ?? 0) !== 0) return true',
    'if ((record.number(field as Field) ?? 0) < 0) return true',
  ),
  figures('IPv6 packets are known beyond 32 bits', ' && packets !== undefined && packets < TWO_TO_32', ''),
  figures('IPv6 Gigawords are forgotten', ', number(FIELD.ipv6InputGigawords))', ', 0)'),
  figures(
    'less than nothing is IPv4',
    'part === undefined || part > aggregate ? undefined',
    'part === undefined ? undefined',
  ),
  figures(
    'a high half alone is a figure',
    'low === undefined ? undefined :',
    '(low ?? high) === undefined ? undefined :',
  ),

  // When a bundle is complete.
  bundles('a bundle waits for one link more', 'words[at + STOPS]! < largest', 'words[at + STOPS]! <= largest'),
  bundles('a bundle ends with its first link', ' || words[at + STOPS]! < largest', ''),
  bundles(
    'the last Acct-Link-Count holds, not the largest',
    'if (count > words[row * width + LARGEST_COUNT]!) words',
    'if (count > 0) words',
  ),
  bundles('a bundle without Acct-Link-Count is complete at once', 'largest === 0 || ', ''),
  bundles(
    'a finished bundle stays so with one more link',
    'if (this.#rows.listOf(row) === FINISHED) this.#rows.touch(row, OPEN, second)\n',
    '',
  ),
  bundles('a finished bundle is told of again', ' || this.#rows.listOf(row) === FINISHED) return', ') return'),
  bundles(
    'a link without figures counted nothing',
    'if (figures.inputOctets === undefined && figures.outputOctets === undefined) ',
    'if (figures.inputOctets === null) ',
  ),
  bundles(
    'a bundle of which nothing is heard stays',
    'if (!this.#isOver(list, second)) return\n',
    'if (list >= 0) return\n',
  ),
  sessions(
    'a second Stop of one link counts, too',
    "end === 'stop' && !this.#has(row, layout.COUNTED_IN_BUNDLE)",
    "end === 'stop'",
  ),
  sessions(
    'a link that went silent counts as stopped',
    "const isFirstStop = end === 'stop' && ",
    'const isFirstStop = ',
  ),

  // Which interim update outdates which.
  record('an equal Acct-Session-Time is newer', 'time <= before) return false', 'time < before) return false'),
  record(
    'a record that lacks counters outdates one that has them',
    ' && AGGREGATES.every((field) => newView.has(field) || !oldView.has(field))',
    '',
  ),
  record('two NAS behind one address are one', 'return SESSION.every(isSame) && ', 'return '),
  coalescing(
    'the client of an interim update that gave way gets no answer',
    'for (const { from, client, packet } of older) exchanges.attach({ from, client, packet }, newer)\n',
    '',
  ),
  coalescing(
    'an older interim update takes the place of a newer one',
    'if (outdates(packet, waiting.packet)) this',
    'if (packet.length > 0) this',
  ),
  records(
    'a record that took a place is known by when the older one came (once a bug)',
    'const first = { at: cameAt(request), delay',
    'const first = { at: request.receivedAt, delay',
  ),
  records('the same of one that was taken', 'const came = cameAt(request)', 'const came = request.receivedAt'),
  coalescing('what gave way is not counted', 'ledgers[RECORD_CLASS].count(ENTRY.coalesced)\n', ''),

  // Each copy of a record is like the first.
  accounts(
    'a copy is observed anew and asks for its Gigawords again (once a bug)',
    'before === undefined ? this',
    'before !== null ? this',
  ),
  records(
    'a record that got Gigawords is not remembered while it is in hand',
    'if (courseOf(request).wraps !== undefined) this.#keepRequest(request, now)\n',
    '',
  ),
  records(
    'a copy is remembered for any record of its content',
    'return isSame || isSentAgain(this.#memory.firstOf(row), again) ? row : -1',
    'return isSame || again.packet.length > 0 ? row : -1',
  ),
  records(
    'the same packet, come much later, is another record',
    'return isSame || isSentAgain(',
    'return isSentAgain(',
  ),
  records(
    'a newer update that was sent and given up is forgotten',
    "if (courseOf(request).transmissions > 0) this.#memory.passed(row, 'sent')\n",
    '',
  ),
  records(
    'a newer update that was never sent holds back what gave way to it',
    'if (courseOf(request).transmissions > 0) this.#memory.passed',
    'this.#memory.passed',
  ),
  records(
    'that a newer update was answered is forgotten with its answer',
    "if (remembered !== -1) this.#memory.passed(remembered, 'answered')\n",
    '',
  ),
  memory('what gave way has no succession', 'this.#records.setValue(older, SUCCESSION, ', 'void (0, '),
  memory(
    'successions that meet stay two (once a bug)',
    'before !== after) this.#unite(',
    'before === after) this.#unite(',
  ),
  memory(
    'what was sent of one succession is forgotten where it meets another',
    'if (time >>> 0 > otherTime >>> 0) table',
    'if (time >>> 0 < otherTime >>> 0) table',
  ),
  memory('a newer update waits for an older one', 'if (isOlderThan(NEWEST_TIME)) {', 'if (time > 0) {'),
  memory(
    'what is remembered is never forgotten',
    '    this.#records.forgetSome(atMost, most, now, this.#forgetRecord)\n',
    '',
  ),
  exchanges(
    'the newest update is let go of as the oldest (once a bug)',
    'return cameAt === undefined ? [request, ...repeats] : [...repeats, request]',
    'return [request, ...repeats]',
  ),

  // An addition costs no delivery.
  rewrite(
    'NAS-IP-Address makes a packet longer than 4,096 octets (once a bug)',
    'isMissing && nasAddress !== undefined && hasRoomFor(packet, nasAddress) ? nasAddress',
    'isMissing && nasAddress !== undefined ? nasAddress',
  ),
  rewriting(
    'what does not fit is added all the same',
    'if (this.length + NUMBER_ATTRIBUTE_LENGTH > MAX_PACKET_LENGTH) {',
    'if (this.length < 0) {',
  ),
]
