/**
 * The MLPPP bundles of member links: how many links were seen and stopped, and what they counted together.
 *
 *     | sums of the links that ended: 4 x (high, low) | links | stops | largest Acct-Link-Count
 *     | client | serial | links ended | of these without figures |
 *
 * RFC 2866 section 5.12: a bundle is complete if as many Stops with different Acct-Session-Ids have come as the largest
 * Acct-Link-Count says. If a router sends no Acct-Link-Count, the bundle ends after a silent lifetime. The sum is that of the
 * links with all fragments, so it is at least the bundle's own traffic. It is labelled and never corrected.
 */
import { FIELD } from '../record/fields.ts'
import type { RecordView } from '../record/record-view.ts'
import { exact, grow, TOTALS, type Total, type TotalName } from './client-accounting.ts'
import { OWN, RowTable } from './row-table.ts'
import { type BundleEnd, type EndedBundle, reportedFigures } from './session-report.ts'
import { piecesOf, printable, readKey, TextWriter } from './session-rows.ts'

const LINKS = OWN + 8
const STOPS = OWN + 9
const LARGEST_COUNT = OWN + 10
const CLIENT = OWN + 11
const SERIAL = OWN + 12
/** Links that ended, with a Stop or without, and those of them that never reported what they counted. */
const LINKS_ENDED = OWN + 13
const WITHOUT_FIGURES = OWN + 14
const BUNDLE_WORDS = 15

const OPEN = 0
const FINISHED = 1

/** What a link had counted when it ended; `undefined` if it never reported that. */
export type LinkFigures = Readonly<Record<TotalName, Total | undefined>>

export class Bundles {
  readonly #rows: RowTable
  readonly #writer = new TextWriter()
  /** Seconds. */
  lifetime: number
  readonly #nameOf: (client: number) => string
  readonly #ended: ((bundle: EndedBundle) => void) | undefined
  #serial = 0
  readonly counts: Record<BundleEnd, number> & { evicted: number } = { complete: 0, silent: 0, evicted: 0 }

  constructor(o: {
    readonly most: number
    readonly lifetime: number
    readonly nameOf: (client: number) => string
    readonly ended: ((bundle: EndedBundle) => void) | undefined
  }) {
    this.#rows = new RowTable({ most: o.most, own: BUNDLE_WORDS })
    this.lifetime = o.lifetime
    this.#nameOf = o.nameOf
    this.#ended = o.ended
  }

  get open(): number {
    return this.#rows.rowsIn(OPEN)
  }

  /** The second in which the oldest is due to end; infinite if there is none. */
  get dueAt(): number {
    const oldest = Math.min(this.#rows.oldestSecond(OPEN), this.#rows.oldestSecond(FINISHED))
    return oldest + this.lifetime
  }

  /** The bundle of a member link's record; it is opened if it is not known. */
  of(record: RecordView, address: string, client: number, second: number): number {
    const writer = this.#writer.begin().addKey(record, address, FIELD.multiSessionId)
    const keyLength = writer.length
    const known = this.#rows.find(writer.octets, keyLength)
    const row = known === 0 ? this.#open(record, keyLength, client, second) : known
    this.touch(row, record, second)
    return row
  }

  touch(row: number, record: RecordView, second: number): void {
    this.#rows.touch(row, this.#rows.listOf(row), second)
    const { words, width } = this.#rows
    const count = record.number(FIELD.linkCount) ?? 0
    if (count > words[row * width + LARGEST_COUNT]!) words[row * width + LARGEST_COUNT] = count
  }

  /** Each bundle has another number; a row may hold one bundle after the other. */
  serialOf(row: number): number {
    return this.#rows.words[row * this.#rows.width + SERIAL]!
  }

  /** One more link, which also opens a finished bundle again. */
  join(row: number, second: number): void {
    const { words, width } = this.#rows
    words[row * width + LINKS]! += 1
    if (this.#rows.listOf(row) === FINISHED) this.#rows.touch(row, OPEN, second)
  }

  /** A link ended. `isStop`: by its first Stop, which counts towards completion. */
  linkEnded(row: number, figures: LinkFigures, isStop: boolean, second: number): void {
    const { words, width } = this.#rows
    const at = row * width
    for (const [i, name] of TOTALS.entries()) {
      const figure = figures[name]
      if (figure === undefined) continue
      const sum = { high: words[at + OWN + 2 * i]!, low: words[at + OWN + 2 * i + 1]! }
      grow(sum, figure.high, figure.low)
      words[at + OWN + 2 * i] = sum.high
      words[at + OWN + 2 * i + 1] = sum.low
    }
    words[at + LINKS_ENDED]! += 1
    if (figures.inputOctets === undefined && figures.outputOctets === undefined) words[at + WITHOUT_FIGURES]! += 1
    if (!isStop) return
    words[at + STOPS]! += 1
    const largest = words[at + LARGEST_COUNT]!
    if (largest === 0 || words[at + STOPS]! < largest || this.#rows.listOf(row) === FINISHED) return
    this.#end(row, 'complete')
    this.#rows.touch(row, FINISHED, second)
  }

  /** Ends bundles that were silent for the lifetime, `atMost` of them. */
  passTime(second: number, atMost: number): void {
    for (let ended = 0; ended < atMost; ended += 1) {
      const list = this.#isOver(OPEN, second) ? OPEN : FINISHED
      if (!this.#isOver(list, second)) return
      const row = this.#rows.oldest(list)
      if (list === OPEN) this.#end(row, 'silent')
      this.#rows.remove(row)
    }
  }

  #isOver(list: 0 | 1, second: number): boolean {
    return this.#rows.oldestSecond(list) + this.lifetime <= second
  }

  #open(record: RecordView, keyLength: number, client: number, second: number): number {
    const writer = this.#writer.addField(record, FIELD.userName)
    while (!this.#rows.hasRoomFor(writer.length)) this.#evict()
    const row = this.#rows.add(writer.octets, writer.length, keyLength, second)
    this.#serial += 1
    const { words, width } = this.#rows
    words[row * width + SERIAL] = this.#serial
    words[row * width + CLIENT] = client
    return row
  }

  #evict(): void {
    const finished = this.#rows.oldest(FINISHED)
    if (finished === 0) this.counts.evicted += 1
    this.#rows.remove(finished === 0 ? this.#rows.oldest(OPEN) : finished)
  }

  #end(row: number, end: BundleEnd): void {
    this.counts[end] += 1
    if (this.#ended === undefined) return
    const { words, width } = this.#rows
    const at = row * width
    const withFigures = words[at + LINKS_ENDED]! - words[at + WITHOUT_FIGURES]!
    const sum = (i: number): bigint | undefined =>
      withFigures === 0 ? undefined : exact({ high: words[at + OWN + 2 * i]!, low: words[at + OWN + 2 * i + 1]! })
    const unknown = { ipv4Octets: undefined, ipv4Packets: undefined, ipv6Octets: undefined, ipv6Packets: undefined }
    const { key, rest } = this.#rows.textOf(row)
    const { address, nas, name } = readKey(key)
    this.#ended({
      kind: 'bundle',
      client: this.#nameOf(words[at + CLIENT]!),
      address,
      nas,
      multiSession: name,
      user: printable(piecesOf(rest)[0]!),
      end,
      links: words[at + LINKS]!,
      stops: words[at + STOPS]!,
      linksWithoutFigures: words[at + LINKS]! - withFigures,
      linkCount: words[at + LARGEST_COUNT] === 0 ? null : words[at + LARGEST_COUNT]!,
      ...reportedFigures({
        input: { octets: sum(0), packets: sum(2), ...unknown },
        output: { octets: sum(1), packets: sum(3), ...unknown },
      }),
      labels: ['mlppp-sum-of-links'],
    })
  }
}
