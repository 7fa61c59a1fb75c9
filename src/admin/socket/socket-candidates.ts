/**
 * Where a command looks for the Unix socket of a daemon if it was given no address, and which of these folders it trusts.
 *
 * A daemon and a command may have different users and environments: the daemon runs under systemd, the command as root or
 * from cron. So the command looks in all folders where a daemon may have put its socket (`socket-place.io.ts`). Whoever can
 * create a socket there can answer in the daemon's name: that must be this user, root, or somebody to whom root gave the
 * folder, as systemd does with RuntimeDirectory=.
 */

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly uid: number
  /** The folder for temporary files. */
  readonly temporary: string
}

/** `sun_path` has 108 octets, the last of them 0. */
export const LONGEST_SOCKET_PATH = 107

/** The folder of RuntimeDirectory=radsluice, as deploy/systemd has it. */
const SYSTEM_FOLDER = '/run/radsluice'

/** Folders to look in, the likeliest first, each once. */
export function socketFolders({ env, uid, temporary }: Surroundings): string[] {
  const { RUNTIME_DIRECTORY: given = '', XDG_RUNTIME_DIR: session = '' } = env
  const sessions = [session, `/run/user/${uid}`].filter((folder) => folder !== '')
  const all = [
    given.split(':')[0] ?? '',
    SYSTEM_FOLDER,
    ...sessions.map((folder) => `${withoutSlash(folder)}/radsluice`),
    `${withoutSlash(temporary)}/radsluice-${uid}`,
  ]
  return [...new Set(all.filter((folder) => folder !== ''))]
}

const withoutSlash = (folder: string): string => folder.replace(/\/+$/, '')

/** What the system says of a folder: its owner, and its mode as `stat` has it. */
export interface Owned {
  readonly uid: number
  readonly mode: number
}

export const WRITABLE_BY_GROUP_OR_OTHERS = 0o022
const WRITABLE_BY_OTHERS = 0o002

/** Whether nobody but `uid`, root, and whom root chose could put a socket into `folder`, which is in `above`. */
export function isTrusted(folder: Owned, above: Owned, uid: number): boolean {
  const isOurs = folder.uid === uid || folder.uid === 0
  if (isOurs && (folder.mode & WRITABLE_BY_GROUP_OR_OTHERS) === 0) return true
  const isFromRoot = above.uid === 0 && (above.mode & WRITABLE_BY_GROUP_OR_OTHERS) === 0
  return isFromRoot && (folder.mode & WRITABLE_BY_OTHERS) === 0
}
