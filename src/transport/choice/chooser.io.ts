/**
 * Chooses the packet I/O of this process: finds the facts, runs the self-test when it is time, and keeps its result.
 *
 * `packet-io.ts` decides. The daemon asks before its threads start; `check` asks to say what the daemon would do.
 */
import { fileURLToPath } from 'node:url'
import {
  choosePacketIo,
  isFit,
  type PacketIoChoice,
  type PacketIoFacts,
  type SelfTestTime,
  selfTestTime,
  type WantedPacketIo,
} from './packet-io.ts'
import { SelfTestChild } from './self-test-child.io.ts'
import { isKept, resultOf, type SelfTestResult } from './self-test-result.ts'
import { SERVED_MS } from './start-marks.ts'
import { StartMarks } from './start-marks-folder.io.ts'
import { KeptResult, koffiVersion, surroundingsText } from './surroundings.io.ts'

/** Beside the code that it tests: TypeScript in a checkout, JavaScript in the build. */
const SELF_TEST = new URL(import.meta.url.endsWith('.ts') ? './self-test.io.ts' : './self-test.io.js', import.meta.url)

export class PacketIoChooser {
  readonly #words: readonly string[]
  readonly #surroundings: string | undefined
  /** Undefined if there is nothing to test. */
  readonly #kept: KeptResult | undefined
  /** Undefined if there is nothing to mark, or nowhere to. */
  readonly #marks: StartMarks | undefined
  #serving: NodeJS.Timeout | undefined
  #facts: PacketIoFacts
  #child: SelfTestChild | undefined

  /** `configuration`: the file of the daemon. `words`: what this Node.js runs as the test. */
  constructor(wanted: WantedPacketIo, configuration: string, words: readonly string[] = [fileURLToPath(SELF_TEST)]) {
    const platform = `${process.platform} ${process.arch}`
    const koffi = wanted === 'dgram' || !isFit(platform) ? undefined : koffiVersion()
    this.#words = words
    this.#surroundings = koffi === undefined ? undefined : surroundingsText(koffi)
    this.#kept = koffi === undefined ? undefined : new KeptResult()
    const result = this.#surroundings === undefined ? undefined : this.#kept?.read(this.#surroundings)
    const folder = this.#kept?.folder
    this.#marks =
      folder === undefined || this.#surroundings === undefined
        ? undefined
        : new StartMarks(folder, { configuration, surroundings: this.#surroundings })
    const { earlyEnds, marks } = { earlyEnds: this.#marks?.earlyEnds() ?? 0, marks: this.#marks?.pattern ?? '' }
    const canKeep = this.#kept?.canKeep ?? false
    this.#facts = { wanted, platform, koffi, canKeep, result, earlyEnds, marks, serves: undefined }
  }

  mustTest(time: SelfTestTime): boolean {
    return selfTestTime(this.#facts) === time
  }

  /** Decides for good: what a test finds later is for the next start. */
  decide(): PacketIoChoice {
    const choice = this.choice()
    this.#facts = { ...this.#facts, serves: choice.use }
    // Before a thread loads the native code.
    if (choice.use === 'batched') this.#marks?.put()
    return choice
  }

  /** The daemon serves from now on. */
  serves(): void {
    if (this.#facts.serves === 'batched') this.#serving = setTimeout(() => this.#marks?.removeAll(), SERVED_MS).unref()
  }

  /** By what is known now. */
  choice(): PacketIoChoice {
    return choosePacketIo(this.#facts)
  }

  /** Keeps the result for the next start. */
  async test(): Promise<SelfTestResult> {
    this.#child = new SelfTestChild(this.#words)
    const result = resultOf(await this.#child.ended)
    this.#child = undefined
    this.#facts = { ...this.#facts, result }
    if (this.#surroundings !== undefined && isKept(result)) this.#kept?.write(this.#surroundings, result)
    return result
  }

  /** The daemon ends in order. Ends a test that runs; what it finds by that is not kept. */
  stop(): void {
    this.#child?.stop()
    clearTimeout(this.#serving)
    if (this.#facts.serves === 'batched') this.#marks?.remove()
  }
}
