/**
 * Marks of starts: did batched packet I/O end this daemon before?
 *
 * Native code can pass the self-test and end the daemon later. Nothing in the process can catch that, so a
 * supervisor would restart it again and again. So a daemon leaves a mark before its threads load the native code. It removes the mark once it has
 * served for a while, or when it ends in order. A mark whose process is gone says that a start ended early.
 *
 * One early end may have another cause (SIGKILL, no memory left), so two are needed. A mark counts only for the same daemon
 * (host and configuration file), in the same surroundings, and since the machine was started.
 *
 * Pure: `start-marks-folder.io.ts` reads and writes the files.
 */

export interface StartMark {
  /** Which daemon: its host and its configuration file. */
  readonly daemon: string
  /** What the self-test depends on, in words. */
  readonly surroundings: string
  /** Of the machine's start. */
  readonly boot: string
  readonly pid: number
  /** When the process began, in the kernel's ticks: a number of a process is used again. */
  readonly began: string
}

/** A daemon that has served this long was not ended by its packet I/O. */
export const SERVED_MS = 10_000
/** So many early ends, and a start takes dgram. */
export const MOST_EARLY_ENDS = 2
/** Files that are kept; the oldest go first. */
export const MOST_MARKS = 64

export const markText = (mark: StartMark): string => `${JSON.stringify(mark)}\n`

/** Undefined if the text is damaged. */
export function markIn(text: string): StartMark | undefined {
  try {
    const { daemon, surroundings, boot, pid, began } = JSON.parse(text) as Partial<Record<keyof StartMark, unknown>>
    if (typeof daemon !== 'string' || typeof surroundings !== 'string' || typeof boot !== 'string') return undefined
    if (typeof pid !== 'number' || typeof began !== 'string') return undefined
    return { daemon, surroundings, boot, pid, began }
  } catch {
    return undefined
  }
}

/** What a mark says to a daemon that starts `here`. `none`: of another daemon, or of a process that runs. */
export function meaningOf(
  mark: StartMark,
  here: Pick<StartMark, 'daemon' | 'surroundings' | 'boot'>,
  isRunning: boolean,
): 'ended-early' | 'outdated' | 'none' {
  // The machine may have gone down under it.
  if (mark.boot !== here.boot) return 'outdated'
  if (mark.daemon !== here.daemon || isRunning) return 'none'
  return mark.surroundings === here.surroundings ? 'ended-early' : 'outdated'
}
