/**
 * A described packet as lines of text: one for the packet, one for each attribute, as `radclient -x` shows them.
 */

interface Described {
  readonly codeName: string
  readonly identifier: number
  readonly length: number
  readonly padding: number
  readonly check?: string
  readonly attributes: readonly { readonly name: string; readonly tag?: number; readonly value: string | number }[]
}

export function packetText(packet: Described): string[] {
  const remarks = [
    ...(packet.padding > 0 ? [`${packet.padding} octets of padding`] : []),
    ...(packet.check === undefined ? [] : [packet.check === 'valid' ? 'verified' : `does not verify: ${packet.check}`]),
  ]
  const after = remarks.length === 0 ? '' : `  (${remarks.join('; ')})`
  return [
    `${packet.codeName} Id ${packet.identifier} Length ${packet.length}${after}`,
    ...packet.attributes.map(({ name, tag, value }) => {
      const text = typeof value === 'number' || /^0x[0-9a-f]*$|^\[hidden\]$/.test(value) ? value : JSON.stringify(value)
      return `  ${name}${tag === undefined ? '' : `:${tag}`} = ${text}`
    }),
  ]
}
