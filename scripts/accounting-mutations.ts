/**
 * Faults in how accounting records are read and added up: wraps and resets, what is unknown, and when a bundle is complete.
 */
import { inFile, type Mutation } from './mutation.ts'

const sessionFigures = inFile('src/accounting/session-figures.ts')
const figures = inFile('src/accounting/figures.ts')
const bundles = inFile('src/accounting/bundles.ts')
const sessions = inFile('src/accounting/sessions.ts')
const outdated = inFile('src/accounting/outdated.ts')
const duplicates = inFile('src/proxy/duplicates.ts')
const coalescing = inFile('src/proxy/coalescing.ts')

export const ACCOUNTING_MUTATIONS: readonly Mutation[] = [
  // Wraps and resets.
  sessionFigures(
    'a 64-bit counter that was set back has wrapped',
    'if (hasHigh || elapsed === undefined || elapsed <= 0) return FELL',
    'if (elapsed === undefined || elapsed <= 0) return FELL',
  ),
  sessionFigures(
    'a counter wraps though no time has passed',
    'if (hasHigh || elapsed === undefined || elapsed <= 0) return FELL',
    'if (hasHigh) return FELL',
  ),
  sessionFigures(
    'a counter that had a high half before is taken for one of 32 bits',
    'const hasHigh = record.has(HIGH[i]!) || isPresent(words, at, HIGH[i]!)',
    'const hasHigh = record.has(HIGH[i]!)',
  ),
  sessionFigures(
    'a 32-bit counter that wrapped was set back',
    'if (hasHigh || elapsed === undefined || elapsed <= 0) return FELL',
    'if (hasHigh || elapsed !== before) return FELL',
  ),
  sessionFigures('nothing is borrowed from the high half', 'highGrowth -= 1\n', ''),
  sessionFigures('what a wrap counted is left out of the traffic', 'grow(traffic[TOTALS[i]!], 0, lowGrowth)\n', ''),
  sessionFigures('a late record is compared with what came after it', 'if (!isNext) return 0\n', ''),
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
  figures('IPv6 Gigawords are forgotten', 'record.number(of.ipv6Gigawords)) : undefined', '0) : undefined'),
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
  outdated('an equal Acct-Session-Time is newer', 'time <= before) return false', 'time < before) return false'),
  outdated(
    'a record that lacks counters outdates one that has them',
    ' && COUNTED.every((field) => newView.has(field) || !oldView.has(field))',
    '',
  ),
  outdated('two NAS behind one address are one', 'return SESSION.every(isSame) && ', 'return '),
  coalescing(
    'the client of an interim update that gave way gets no answer',
    'this.#register.attach(moved, newer)\n',
    '',
  ),
  coalescing(
    'an older interim update takes the place of a newer one',
    'if (outdates(packet, waiting.packet)) this',
    'if (packet.length > 0) this',
  ),
  duplicates(
    'a record that took a place is known by when the older one came (once a bug)',
    'const first = { at: request.cameAt, delay',
    'const first = { at: request.receivedAt, delay',
  ),
  duplicates(
    'the same of one that was taken',
    'CAME_MICROS, request.cameAt - second',
    'CAME_MICROS, request.receivedAt - second',
  ),
  coalescing('what gave way is not counted', 'ledgers.accounting.coalesced += 1\n', ''),
]
