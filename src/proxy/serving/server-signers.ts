/**
 * Which servers sign their answers to Access-Requests, by the rules of `Signers`: `auto` learns of a server's address and port what
 * it learns of a client's address.
 *
 * One thing differs. Anybody who forges an address can send an unsigned request. An unsigned response was verified by its Response
 * Authenticator, which only the server can compute, or who breaks MD5 (CVE-2024-3596). Accounting is left out: its authenticators
 * prove both directions.
 */
import { CLASS_TRAITS } from '../../classes.ts'
import { ACCESS_REQUEST } from '../../codes.ts'
import { md5 } from '../../radius/md5.ts'
import type { Packet } from '../../radius/packet.ts'
import { type Instant, secondOf } from '../../units.ts'
import type { SeenPacket, SignerName } from '../border/events.ts'
import { type Learned, Signer, type SignerNeeds, Signers } from '../signing/signers.ts'
import type { Lane } from '../work/lane.ts'
import { serverKey } from '../work/lane-settings.ts'

/** Servers that are remembered over all reloads. */
export const LEARNED_SERVERS = 1_024

export interface LearnedServer extends Learned {
  readonly server: string
  readonly at: string
}

export class ServerSigners {
  readonly signers: Signers

  constructor(needs: SignerNeeds) {
    this.signers = new Signers({ peer: 'server', capacity: LEARNED_SERVERS, ...needs })
  }

  /** Whether an answer to an Access-Request must carry Message-Authenticator. */
  isRequired(lane: Lane, now: Instant): boolean {
    const required = lane.server.requireMessageAuthenticator
    if (required !== 'auto') return required === 'yes'
    const signer = signerOf(lane)
    return signer.acceptedAt !== secondOf(now) && this.signers.hasLearned(signer, nameOf(lane), now)
  }

  /** A verified answer to an Access-Request was taken. */
  accepted(lane: Lane, response: Packet, now: Instant): void {
    const signer = signerOf(lane)
    const second = secondOf(now)
    const isAuto = lane.server.requireMessageAuthenticator === 'auto'
    if (response.messageAuthenticatorAt !== 0) {
      const teaches = isAuto && response.eapMessageAt === 0
      if (signer.signedAt === second || (!teaches && signer.idleAt === second)) return
      this.signers.signed(signer, nameOf(lane), seen(lane, response), teaches, now)
    } else if (isAuto ? signer.acceptedAt !== second : signer.notedAt !== second) {
      this.signers.tryAcceptUnsigned(signer, nameOf(lane), seen(lane, response), isAuto, now)
    }
  }

  /** An answer without it was dropped because it must be there. */
  dropped(lane: Lane, bytes: Uint8Array, now: Instant): void {
    if (!this.isRequired(lane, now)) return
    const because = lane.server.requireMessageAuthenticator === 'yes' ? 'required' : 'learned'
    const packet = { port: lane.options.port, code: bytes[0]!, identifier: bytes[1]! }
    this.signers.drop(nameOf(lane), packet, because, now)
  }

  learned(lanes: readonly Lane[], now: Instant): LearnedServer[] {
    return lanes.flatMap((lane) => {
      const learned =
        CLASS_TRAITS[lane.class].request === ACCESS_REQUEST ? this.signers.learned(signerOf(lane), now) : undefined
      return learned === undefined ? [] : [{ server: lane.server.name, at: nameOf(lane).at, ...learned }]
    })
  }

  reconfigure(lanes: readonly Lane[]): void {
    const settings = new Map(lanes.map(({ server }) => [server.name, server.requireMessageAuthenticator]))
    this.signers.reconfigure((name) => settings.get(name))
  }
}

const nameOf = ({ server, options }: Lane): SignerName => ({
  name: server.name,
  at: `${server.address} port ${options.port}`,
})

const seen = ({ options: { port } }: Lane, { code, identifier }: Packet): SeenPacket => ({ port, code, identifier })

const signerOf = (lane: Lane): Signer => {
  lane.contact.signer ??= new Signer(keyOf(lane))
  return lane.contact.signer
}

const keyOf = (lane: Lane): Int32Array => {
  const digest = new Uint8Array(16)
  md5
    .begin()
    .add(new TextEncoder().encode(serverKey(lane)))
    .finishInto(digest, 0)
  return new Int32Array(digest.buffer)
}
