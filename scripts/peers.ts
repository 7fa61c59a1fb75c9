/**
 * The programs on the other side of the tests: real RADIUS servers, clients and observers, and how to get them.
 *
 * A peer is known by the program it puts on the PATH and the Debian package that brings it. What is missing is
 * installed through apt where that is possible (Debian, root); where it is not, the answer says why, and the tests
 * that need the peer are skipped with that reason. Nothing here is needed to run radsluice itself.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { endedProgram } from './ended-program.ts'

export const PEERS = {
  freeradius: 'freeradius',
  radclient: 'freeradius-utils',
  eapol_test: 'eapoltest',
  tcpdump: 'tcpdump',
  promtool: 'prometheus',
  prometheus: 'prometheus',
  'prometheus-alertmanager': 'prometheus-alertmanager',
  openssl: 'openssl',
  /** Compiles the load generator of bench/; its libraries' headers are a package of their own. */
  gcc: 'gcc libc6-dev',
} as const
export type Peer = keyof typeof PEERS
const PEER_NAMES = Object.keys(PEERS) as Peer[]

/** Debian keeps daemons in sbin, which a user's PATH may lack. */
const { PATH = '' } = process.env
const SEARCHED = [...PATH.split(delimiter), '/usr/sbin', '/sbin']

/** Where a program stands, or undefined. */
export const findPeer = (peer: Peer): string | undefined =>
  SEARCHED.map((folder) => join(folder, peer)).find((file) => existsSync(file))

export const missingPeers = (): Peer[] => PEER_NAMES.filter((peer) => findPeer(peer) === undefined)

export interface PeerReport {
  readonly installed: readonly Peer[]
  readonly missing: readonly Peer[]
  /** Why something is still missing; empty where nothing is. */
  readonly reason: string
}

/** Installs what is missing, if this machine lets us; never throws. Takes a minute or two where packages are fetched, most of it waiting. */
export const ensurePeers = async (say: (line: string) => void): Promise<PeerReport> => {
  const wanted = missingPeers()
  if (wanted.length === 0) return { installed: [], missing: [], reason: '' }
  const obstacle = whyNotApt()
  if (obstacle !== undefined) return { installed: [], missing: wanted, reason: obstacle }

  const packages = [...new Set(wanted.flatMap((peer) => PEERS[peer].split(' ')))]
  say(`installing ${packages.join(', ')} through apt`)
  const failure = await withoutStartingDaemons(async () => {
    // An update that fails (one source of many, say) may still leave lists that are good enough.
    const update = await apt('update')
    const install = await apt('install', '--no-install-recommends', ...packages)
    return install === undefined ? undefined : (update ?? install)
  })
  const missing = missingPeers()
  const installed = wanted.filter((peer) => !missing.includes(peer))
  return { installed, missing, reason: missing.length === 0 ? '' : (failure ?? 'apt did not bring the program') }
}

const whyNotApt = (): string | undefined => {
  if (process.getuid?.() !== 0) return 'not root, so it cannot be installed'
  if (!existsSync('/usr/bin/apt-get')) return 'no apt-get on this machine'
  return undefined
}

/** One apt-get run, at most 5 minutes; the last line of its complaint where it failed. */
const apt = async (...words: string[]): Promise<string | undefined> => {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const { code, stderr } = await endedProgram('apt-get', ['-y', '-q', ...words], { env, timeout: 300_000 })
  if (code === 0) return undefined
  return `apt-get ${words[0]} failed: ${stderr.trim().split('\n').at(-1) ?? ''}`
}

/**
 * Debian starts what it installs. A freeradius on port 1812 would be in the way of the daemon under test, so the
 * documented switch (policy-rc.d answering 101) is put in place for the time of the installation.
 */
const withoutStartingDaemons = async <T>(act: () => Promise<T>): Promise<T> => {
  const policy = '/usr/sbin/policy-rc.d'
  if (existsSync(policy)) return await act()
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    return await act()
  } finally {
    rmSync(policy, { force: true })
  }
}
