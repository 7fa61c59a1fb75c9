/**
 * What an accounting record says, worked out for people: 64-bit sums, IPv4 and IPv6 apart, labels, damage.
 */
import { figuresOf, labelsOf, type RecordLabel } from '../../accounting/record/figures.ts'
import { RecordView } from '../../accounting/record/record-view.ts'
import { type ReportedFigures, reportedFigures } from '../../accounting/sessions/session-report.ts'
import { ACCOUNTING_REQUEST } from '../../codes.ts'
import { readPacket } from '../../radius/packet.ts'

/** Figures in decimal digits, null if unknown. */
export interface RecordDescription extends ReportedFigures {
  readonly labels: readonly RecordLabel[]
  readonly damagedVendorAttributes: number
  readonly paddedVendorAttributes: number
}

/** Undefined if the octets are no Accounting-Request. */
export function describeRecord(bytes: Uint8Array): RecordDescription | undefined {
  const packet = readPacket(bytes)
  if (typeof packet === 'string' || packet.code !== ACCOUNTING_REQUEST) return undefined
  const view = new RecordView().read(packet)
  return {
    ...reportedFigures(figuresOf(view)),
    labels: labelsOf(view),
    damagedVendorAttributes: view.damagedVendorAttributes,
    paddedVendorAttributes: view.paddedVendorAttributes,
  }
}

/** The lines under a record's attributes; none if it has no traffic, labels or damage. */
export function recordLines(record: RecordDescription): string[] {
  const lines: string[] = []
  for (const way of ['input', 'output'] as const) {
    for (const what of ['Octets', 'Packets'] as const) {
      const total = record[`${way}${what}`]
      if (total === null) continue
      const [ipv4, ipv6] = [record[`${way}Ipv4${what}`], record[`${way}Ipv6${what}`]]
      lines.push(`  => ${what.toLowerCase()} ${way}: ${grouped(total)} (IPv4 ${grouped(ipv4)}, IPv6 ${grouped(ipv6)})`)
    }
  }
  if (record.labels.length > 0) lines.push(`  => labels: ${record.labels.join(', ')}`)
  if (record.damagedVendorAttributes > 0) {
    lines.push(`  => ${record.damagedVendorAttributes} damaged vendor attributes: nothing in them was read`)
  }
  return lines
}

/** `26,837,955,704`, with every digit. */
const grouped = (figure: string | null): string =>
  figure === null ? 'unknown' : BigInt(figure).toLocaleString('en-US')
