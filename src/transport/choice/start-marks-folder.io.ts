/**
 * The files of the marks of starts (`start-marks.ts`), beside the kept result of the self-test.
 *
 * A file that can't be read or written is no mark: then a daemon that its packet I/O ends is restarted over batched packet I/O.
 */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { MOST_MARKS, markIn, markText, meaningOf, type StartMark } from './start-marks.ts'

const PREFIX = 'start-'
/** Octets of a file that is read. */
const LONGEST_MARK = 16_384

export class StartMarks {
  /** For people: which files to delete. */
  readonly pattern: string
  readonly #folder: string
  readonly #own: StartMark
  readonly #file: string

  /** `configuration`: the file of the daemon. */
  constructor(folder: string, o: { readonly configuration: string; readonly surroundings: string }) {
    const { pid } = process
    const boot = textOf('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
    const own = { daemon: `${hostname()} ${o.configuration}`, surroundings: o.surroundings, boot, pid }
    this.#own = { ...own, began: beganOf(pid) ?? '' }
    this.#folder = folder
    this.#file = `${PREFIX}${pid}-${this.#own.began}.json`
    this.pattern = join(folder, `${PREFIX}*.json`)
  }

  /** How often this daemon ended early since it last served for a while. Marks that say nothing any more are removed. */
  earlyEnds(): number {
    const found = this.#marks()
    for (const { name, meaning } of found) if (meaning === 'outdated') this.#remove(name)
    return found.filter(({ meaning }) => meaning === 'ended-early').length
  }

  /** From now on this process has one. */
  put(): void {
    try {
      const names = this.#names()
      if (names.length >= MOST_MARKS) for (const name of this.#oldest(names)) this.#remove(name)
      writeFileSync(join(this.#folder, this.#file), markText(this.#own), { mode: 0o600 })
    } catch {
      // A full or read-only disk.
    }
  }

  /** This process ends in order. */
  remove(): void {
    this.#remove(this.#file)
  }

  /** It has served: what ended it before was something else. */
  removeAll(): void {
    this.remove()
    for (const { name, meaning } of this.#marks()) if (meaning === 'ended-early') this.#remove(name)
  }

  #marks(): { readonly name: string; readonly meaning: ReturnType<typeof meaningOf> }[] {
    return this.#names().flatMap((name) => {
      const mark = markIn(textOf(join(this.#folder, name)) ?? '')
      if (mark === undefined) return []
      return [{ name, meaning: meaningOf(mark, this.#own, beganOf(mark.pid) === mark.began) }]
    })
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder).filter((name) => name.startsWith(PREFIX))
    } catch {
      return []
    }
  }

  /** The half that was written first. */
  #oldest(names: readonly string[]): string[] {
    const written = names.map((name) => ({ name, at: statSync(join(this.#folder, name)).mtimeMs }))
    return written
      .toSorted((a, b) => a.at - b.at)
      .slice(0, names.length / 2)
      .map(({ name }) => name)
  }

  #remove(name: string): void {
    try {
      rmSync(join(this.#folder, name), { force: true })
    } catch {
      // A read-only disk.
    }
  }
}

/** Field 22 of /proc/PID/stat (man 5 proc); undefined if no such process runs. The name before it may have spaces. */
const beganOf = (pid: number): string | undefined => {
  const stat = textOf(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1').slice(0, LONGEST_MARK)
  } catch {
    return undefined
  }
}
