/**
 * Which peers this machine has, for `describe.skipIf`. A skipped group carries the missing program's name in its
 * title, so that the summary of a run names what was not tested and why.
 */
import { findPeer, PEERS, type Peer } from '../../../scripts/peers.ts'

/** `{ skip, title }` for a group of tests that needs `programs`. */
export const needs = (title: string, ...programs: Peer[]): { skip: boolean; title: string } => {
  const missing = programs.filter((peer) => findPeer(peer) === undefined)
  if (missing.length === 0) return { skip: false, title }
  const packages = missing.map((peer) => PEERS[peer]).join(', ')
  return { skip: true, title: `${title} [skipped: needs ${missing.join(', ')} (Debian: ${packages})]` }
}

/** The program's path; only for tests that said that they need it. */
export const peerPath = (peer: Peer): string => {
  const path = findPeer(peer)
  if (path === undefined) throw new Error(`${peer} is not installed (Debian package ${PEERS[peer]})`)
  return path
}
