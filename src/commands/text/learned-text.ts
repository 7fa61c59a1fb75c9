/**
 * Who is known to sign its packets, as tables for people.
 */

import type { LearnedReport } from '../../observe/learned-report.ts'
import { othersText } from '../../observe/view/seen-text.ts'
import { lengthOfTime } from '../../units.ts'
import { table } from './table.ts'

const HEADING = ['WHO', 'AT', 'LEARNED', 'FROM', 'LAST SIGNED']

/** The lines of the table, how many there are, and where signed and unsigned packets are mixed. */
export function learnedText({ total, addresses, servers, mixed }: LearnedReport, unixNow: number): string[] {
  const ago = (unix: number): string => `${lengthOfTime(Math.max(0, unixNow - unix))} ago`
  const row = (who: string, at: string, one: LearnedReport['servers'][number] | LearnedReport['addresses'][number]) => [
    who,
    at,
    ago(one.learned_unix),
    packetText(one.packet),
    ago(one.last_signed_unix),
  ]
  const rows = [
    ...addresses.map((one) => row(`client ${one.client ?? '-'}`, one.address, one)),
    ...servers.map((one) => row(`server ${one.server}`, one.at, one)),
  ]
  const there = `${addresses.length} of ${total} learned addresses of clients, ${servers.length} servers`
  const count = addresses.length < total ? `${there}; --limit shows more` : there
  return [
    ...(rows.length === 0 ? [] : [...table(HEADING, rows), '']),
    count,
    ...mixed.map(
      ({ peer, name, at, signed, unsigned, others, seen_unix }) =>
        `mixed: ${peer} ${name} at ${at}${othersText(others)} signs (${packetText(signed)}, ${ago(seen_unix)}) and does not (${unsigned === null ? 'not known: too many addresses send unsigned packets' : packetText(unsigned)}), so nothing is learned there`,
    ),
  ]
}

const packetText = ({ code, identifier, port }: LearnedReport['mixed'][number]['signed']): string =>
  `${code}, identifier ${identifier}, port ${port}`
