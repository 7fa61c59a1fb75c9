/**
 * Opens the transport of an instance: the one that was chosen, or dgram if that can't be opened.
 *
 * The native code of batched packet I/O is loaded here and nowhere else in the daemon, and only if it was chosen.
 */
import type { ThreadPacketIo } from '../../transport/choice/packet-io.ts'
import { DgramTransport } from '../../transport/dgram/transport.io.ts'
import type { Transport } from '../../transport/ports.ts'
import type { OpenedPacketIo } from '../protocol/instance-view.ts'

export interface OpenedTransport {
  readonly transport: Transport
  readonly packetIo: OpenedPacketIo
}

/** `open` opens batched packet I/O; it may throw. */
export async function openTransport(
  use: ThreadPacketIo['use'],
  open: () => Promise<Transport>,
): Promise<OpenedTransport> {
  if (use === 'dgram') return { transport: new DgramTransport(), packetIo: { use } }
  try {
    return { transport: await open(), packetIo: { use } }
  } catch (error) {
    const fellBack = error instanceof Error ? error.message : String(error)
    return { transport: new DgramTransport(), packetIo: { use: 'dgram', fellBack } }
  }
}
