/**
 * The campaign: every kind of odd request goes through a real daemon to a real FreeRADIUS, one at a time; then the kinds that
 * are not answered come in bursts; then all of them come among good logins and good records.
 *
 * The server must not go Down, no good login or record may be lost, and the daemon must not crash: an odd request may hurt only
 * its client. For each kind the result is printed: dropped by us, answered, or unanswered by the server.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StatusReport } from '../../src/observe/status-report.ts'
import { type Attribute, accountingRequest, CODE, papRequest, TYPE } from '../../test/e2e/kit/wire.ts'
import { AskingClient, type Exchange, type Patience } from './asking-client.ts'
import { type Kind, poisonKinds } from './kinds.ts'

/** The daemon under trial. */
export interface Stand {
  readonly ports: { readonly authentication: number; readonly accounting: number }
  readonly secret: string
  readonly user: { readonly name: string; readonly password: string }
  status(): Promise<StatusReport>
  /** All that the daemon has logged. */
  log(): string
  isRunning(): boolean
}

export interface Pace {
  /** Only every so-manyth kind, the silent ones always. */
  readonly every: number
  /** How long a kind may take before it counts as silent. */
  readonly answerWithinMs: number
  /** Whether the end of a silent request is waited for before the next kind: truly one at a time. */
  readonly waitsForEnd: boolean
  /** Bursts of six of each silent kind, so long apart. */
  readonly burstsMs: number
  readonly mixedSeconds: number
  readonly goodPerSecond: number
  readonly oddPerSecond: number
  readonly patience: Patience
}

export const QUICK: Pace = {
  every: 1,
  answerWithinMs: 400,
  waitsForEnd: false,
  burstsMs: 2_500,
  mixedSeconds: 12,
  goodPerSecond: 200,
  oddPerSecond: 60,
  patience: { tries: 3, everyMs: 3_000 },
}
export const FULL: Pace = { ...QUICK, waitsForEnd: true, burstsMs: 20_000, mixedSeconds: 300 }

/** What became of a kind: the reason of a drop, the code of an answer, or silence. */
export interface Finding {
  readonly kind: Kind
  readonly came: { readonly to: 'dropped' | 'answered' | 'silent'; readonly as: string }
}

interface Good {
  asked: number
  lost: number
  /** Answered after more than a second. */
  late: number
  worstMs: number
}

export interface Report {
  readonly findings: readonly Finding[]
  /** Downs in the survey, in quiet bursts, and among good requests. */
  readonly downs: { readonly survey: number; readonly bursts: number; readonly mixed: number }
  readonly logins: Good
  readonly records: Good
  readonly oddSent: number
  readonly wrongAnswers: number
  readonly crashes: number
  readonly internalErrors: number
  readonly lost: number
  readonly imbalance: number
}

type Dropped = Readonly<Record<string, number>>

const BURST = 6
/** From here nothing signed is ever sent, so `auto` never learns to ask for a signature. */
const UNSIGNED_ADDRESS = '127.0.0.2'
/** Odd requests come in another order than the list has: neighbours are alike. A prime. */
const STRIDE = 7_919
const MOST_AT_ONCE = 16_384
const END_WITHIN_MS = 40_000

export async function runCampaign(stand: Stand, pace: Pace, say: (line: string) => void): Promise<Report> {
  const client = await AskingClient.open(stand.secret, MOST_AT_ONCE)
  const unsigned = await AskingClient.open(stand.secret, MOST_AT_ONCE, UNSIGNED_ADDRESS)
  const campaign = new Campaign(stand, pace, { client, unsigned }, say)
  try {
    return await campaign.run()
  } finally {
    await Promise.all([client.close(), unsigned.close()])
  }
}

class Campaign {
  readonly #stand: Stand
  readonly #pace: Pace
  readonly #client: AskingClient
  readonly #unsigned: AskingClient
  readonly #say: (line: string) => void
  #serial = 0
  #oddSent = 0

  constructor(
    stand: Stand,
    pace: Pace,
    { client, unsigned }: { readonly client: AskingClient; readonly unsigned: AskingClient },
    say: (line: string) => void,
  ) {
    this.#stand = stand
    this.#pace = pace
    this.#client = client
    this.#unsigned = unsigned
    this.#say = say
  }

  async run(): Promise<Report> {
    const kinds = poisonKinds(this.#stand.secret)
    const last = kinds.length - 1
    const chosen = kinds.filter((_, at) => at % this.#pace.every === 0 || at >= last - 1)
    this.#say(`${chosen.length} kinds, one at a time`)
    const findings: Finding[] = []
    for (const kind of chosen) findings.push({ kind, came: await this.#survey(kind) })
    await this.#settle()
    const survey = this.#downs()
    const silent = findings.filter(({ came }) => came.to === 'silent').map(({ kind }) => kind)
    const dropped = findings.filter(({ came }) => came.to === 'dropped').map(({ kind }) => kind)
    this.#say(`${silent.length} kinds silent at the server, ${dropped.length} dropped before it: six of each at once`)
    for (const kind of silent) await this.#burst(kind)
    for (const kind of dropped) this.#send(kind, BURST)
    await this.#settle()
    const bursts = this.#downs() - survey
    this.#say(`all kinds among ${this.#pace.goodPerSecond} good logins a second for ${this.#pace.mixedSeconds} s`)
    const { logins, records } = await this.#mixed(chosen, silent)
    await this.#settle()
    const { classes, internalErrors, instances } = await this.#stand.status()
    const both = [classes.authentication, classes.accounting]
    return {
      findings,
      downs: { survey, bursts, mixed: this.#downs() - survey - bursts },
      logins,
      records,
      oddSent: this.#oddSent,
      wrongAnswers: this.#client.wrong + this.#unsigned.wrong,
      crashes: instances.reduce((sum, { crashes }) => sum + crashes, this.#stand.isRunning() ? 0 : 1),
      internalErrors,
      lost: both.reduce((sum, { ledger }) => sum + ledger.lost, 0),
      imbalance: both.reduce((sum, { imbalance }) => sum + Math.abs(imbalance), 0),
    }
  }

  /** Sends one of the kind and waits until it is known what becomes of it. */
  async #survey(kind: Kind): Promise<Finding['came']> {
    const before = await this.#droppedOf(kind)
    const asked = this.#ask(kind, { tries: 1, everyMs: this.#pace.answerWithinMs })
    // A drop has happened by the time of the next status; an answer of the server takes a few milliseconds.
    const first = await Promise.race([asked, sleep(40)])
    if (first?.answer !== undefined) return answeredBy(first)
    const reason = newReason(before, await this.#droppedOf(kind))
    if (reason !== undefined) return { to: 'dropped', as: reason }
    const exchange = await asked
    if (exchange.answer !== undefined) return answeredBy(exchange)
    // A machine with much else to do may have been late.
    const late = newReason(before, await this.#droppedOf(kind))
    if (late !== undefined) return { to: 'dropped', as: late }
    if (this.#pace.waitsForEnd) await this.#settle()
    return { to: 'silent', as: 'silent' }
  }

  async #droppedOf(kind: Kind): Promise<Dropped> {
    return (await this.#stand.status()).classes[kind.class].ledger.dropped
  }

  async #burst(kind: Kind): Promise<void> {
    this.#send(kind, BURST)
    await sleep(this.#pace.burstsMs)
    if (this.#pace.waitsForEnd) await this.#settle()
  }

  /** Good logins and good records at a steady rate, with odd ones of all kinds among them; silent ones every fourth time. */
  async #mixed(kinds: readonly Kind[], silent: readonly Kind[]): Promise<{ logins: Good; records: Good }> {
    const { mixedSeconds, goodPerSecond, oddPerSecond, patience } = this.#pace
    const logins: Good = { asked: 0, lost: 0, late: 0, worstMs: 0 }
    const records: Good = { asked: 0, lost: 0, late: 0, worstMs: 0 }
    const running: Promise<void>[] = []
    const began = performance.now()
    let odd = 0
    while (performance.now() - began < mixedSeconds * 1_000) {
      const seconds = (performance.now() - began) / 1_000
      while (logins.asked < seconds * goodPerSecond) running.push(this.#good(logins, 'authentication', patience))
      while (records.asked < (seconds * goodPerSecond) / 4) running.push(this.#good(records, 'accounting', patience))
      while (odd < seconds * oddPerSecond) {
        const isSilent = odd % 4 === 3 && silent.length > 0
        this.#send(isSilent ? silent[(odd >> 2) % silent.length]! : kinds[(odd * STRIDE) % kinds.length]!, 1)
        odd += 1
      }
      await sleep(5)
    }
    await Promise.all(running)
    return { logins, records }
  }

  async #good(counts: Good, of: Kind['class'], patience: Patience): Promise<void> {
    counts.asked += 1
    const build = of === 'authentication' ? this.#login() : this.#record()
    const { answer, tookMs } = await this.#client.ask(this.#stand.ports[of], build, patience)
    const wanted = of === 'authentication' ? CODE.accessAccept : CODE.accountingResponse
    if (answer?.code !== wanted) counts.lost += 1
    else if (tookMs > 1_000) counts.late += 1
    if (answer !== undefined) counts.worstMs = Math.max(counts.worstMs, tookMs)
  }

  #login(): (identifier: number) => Buffer {
    const { secret, user } = this.#stand
    return (identifier) => papRequest({ secret, identifier, user: user.name, password: user.password })
  }

  #record(): (identifier: number) => Buffer {
    const attributes: Attribute[] = [
      [TYPE.acctStatusType, 1],
      [TYPE.acctSessionId, `good-${randomBytes(8).toString('hex')}`],
    ]
    return (identifier) => accountingRequest({ secret: this.#stand.secret, identifier, attributes })
  }

  #send(kind: Kind, count: number): void {
    for (let sent = 0; sent < count; sent += 1) void this.#ask(kind, { tries: 1, everyMs: 1 })
  }

  async #ask(kind: Kind, patience: Patience): Promise<Exchange> {
    this.#serial += 1
    this.#oddSent += 1
    const serial = this.#serial
    const client = kind.isUnsigned === true ? this.#unsigned : this.#client
    return await client.ask(this.#stand.ports[kind.class], (identifier) => kind.build(identifier, serial), patience)
  }

  /** Waits until nothing is in hand. */
  async #settle(): Promise<void> {
    const end = performance.now() + END_WITHIN_MS
    while (performance.now() < end) {
      const { classes } = await this.#stand.status()
      const { authentication, accounting } = classes
      if (authentication.queued + authentication.outstanding + accounting.queued + accounting.outstanding === 0) return
      await sleep(50)
    }
  }

  #downs(): number {
    return this.#stand.log().split('"event":"server-down"').length - 1
  }
}

const newReason = (before: Dropped, after: Dropped): string | undefined =>
  Object.entries(after).find(([name, count]) => count > (before[name] ?? 0))?.[0]

const answeredBy = ({ answer }: Exchange): Finding['came'] => ({ to: 'answered', as: `code ${answer?.code}` })

/** What must hold, each with what was seen where it does not. */
export function failuresOf(report: Report): string[] {
  const { downs, logins, records, crashes, internalErrors, lost, imbalance, wrongAnswers } = report
  const counts: readonly (readonly [what: string, count: number])[] = [
    ['times Down in the survey', downs.survey],
    ['times Down in quiet bursts', downs.bursts],
    ['times Down among good requests', downs.mixed],
    ['good logins lost', logins.lost],
    ['good records lost', records.lost],
    ['crashes', crashes],
    ['internal errors', internalErrors],
    ['requests lost by the ledger', lost],
    ['requests that the ledger can not account for', imbalance],
    ['wrong answers', wrongAnswers],
  ]
  return counts.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`)
}
