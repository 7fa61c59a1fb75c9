/**
 * Whether a client's datagram is a request at all: lengths, a known client, proof, what the configuration asks for
 * beyond the RFCs (BlastRADIUS, CVE-2024-3596), and nothing that every server would drop.
 *
 * Nothing is changed here but what is known of who signs (`Signers`). Under a client's setting `auto`, an address whose
 * verified Access-Requests carry Message-Authenticator must go on so. EAP always carries it (RFC 3579 section 3.2), so it
 * teaches nothing.
 */
import { zoneOf } from '../../addresses.ts'
import { ACCESS_REQUEST } from '../../codes.ts'
import { attributesToAdd, hasTooManyAttributes } from '../../radius/attribute-limit.ts'
import { checkRequest } from '../../radius/authenticator.ts'
import { type Packet, readPacket } from '../../radius/packet.ts'
import { type Instant, secondOf } from '../../units.ts'
import type { ClientDropReason } from '../border/endings.ts'
import type { Peer, SeenPacket } from '../border/events.ts'
import type { EngineOptions } from '../border/options.ts'
import type { Journal } from '../border/ports.ts'
import { type Client, ClientTable } from '../clients/client-table.ts'
import { AddressKeys } from '../signing/address-keys.ts'
import { type Learned, Signer, type SignerNeeds, Signers } from '../signing/signers.ts'
import type { Arrival, Verdict } from './arrival.ts'

/** Addresses that are known to sign, and as many that are known not to. */
export const LEARNED_ADDRESSES = 65_536

type IntakeOptions = Pick<EngineOptions, 'clients' | 'maxAttributes'>

export interface LearnedAddress extends Learned {
  readonly address: string
  /** The configured client it belongs to now; undefined if it has none any more. */
  readonly client: string | undefined
}

export class Intake {
  #clients: ClientTable
  #maxAttributes: number
  readonly signers: Signers
  readonly #keys = new AddressKeys()
  /** By address, as text: a shortcut, and bounded. */
  readonly #atHand = new Map<string, Signer>()
  readonly #journal: Journal

  constructor({ clients, maxAttributes }: IntakeOptions, needs: SignerNeeds) {
    this.#clients = new ClientTable(clients)
    this.#maxAttributes = maxAttributes
    this.#journal = needs.journal
    this.signers = new Signers({ peer: 'client', capacity: LEARNED_ADDRESSES, ...needs })
    this.#knowZones()
  }

  get clientTable(): ClientTable {
    return this.#clients
  }

  reconfigure({ clients, maxAttributes }: IntakeOptions): void {
    this.#clients = new ClientTable(clients, this.#clients)
    this.#maxAttributes = maxAttributes
    this.#knowZones()
    this.signers.reconfigure((name) => this.#clients.named(name)?.options.requireMessageAuthenticator)
  }

  admit(arrival: Arrival, now: Instant): Verdict {
    try {
      return this.#faultOf(arrival, now) ?? 'goes-on'
    } catch (error) {
      arrival.client = undefined
      const { octets: bytes } = arrival
      this.#journal.note({ kind: 'internal-error', where: 'checking a datagram', error, bytes }, now)
      return 'internal-error'
    }
  }

  #faultOf(arrival: Arrival, now: Instant): ClientDropReason | undefined {
    const { class: trafficClass, from } = arrival
    const client = this.#clients.find(from.address)
    if (client === undefined) return 'unknown-client'
    arrival.client = client
    client.received[trafficClass] += 1
    // No answer can be sent there (RFC 768: port 0 says that none is expected).
    if (from.port === 0) return 'from-port-zero'
    const packet = readPacket(arrival.octets)
    if (typeof packet === 'string') return packet
    arrival.packet = packet
    return (
      this.#refusedByServers(packet) ??
      checkRequest(packet, trafficClass, client.options.secret) ??
      this.#missingProof(packet, client, from, now)
    )
  }

  /** Learned addresses in `count` places of the table from `from` on; undefined behind its end. */
  learned(from: number, count: number, now: Instant): LearnedAddress[] | undefined {
    return this.signers.list(from, count, now)?.map(({ key, ...learned }) => {
      const address = this.#keys.addressOf(key)
      return { address, client: this.#clients.find(address)?.name, ...learned }
    })
  }

  /** What servers drop unread never reaches one: anybody could send it, and the server would look dead. */
  #refusedByServers(packet: Packet): ClientDropReason | undefined {
    if (packet.hasTypeZero) return 'attribute-type-zero'
    const isTooMuch = hasTooManyAttributes(packet, this.#maxAttributes, attributesToAdd(packet))
    return isTooMuch ? 'too-many-attributes' : undefined
  }

  #missingProof(packet: Packet, client: Client, from: Peer, now: Instant): ClientDropReason | undefined {
    if (packet.code !== ACCESS_REQUEST) return undefined
    const signer = this.#signerOf(from.address)
    const second = secondOf(now)
    const { requireMessageAuthenticator: required, limitProxyState } = client.options
    if (packet.messageAuthenticatorAt !== 0) {
      const teaches = required === 'auto' && packet.eapMessageAt === 0
      if (signer.signedAt === second || (!teaches && signer.idleAt === second)) return undefined
      this.signers.signed(signer, nameOf(client, from), seen(packet, from), teaches, now)
      return undefined
    }
    const isAuto = required === 'auto'
    const isAccepted = signer.acceptedAt === second
    if (required === 'yes' || (isAuto && !isAccepted && this.signers.hasLearned(signer, nameOf(client, from), now))) {
      return this.#dropUnsigned(packet, client, from, now)
    }
    if (limitProxyState && packet.proxyStateAt !== 0) return 'proxy-state-unsigned'
    if (isAccepted || (!isAuto && signer.notedAt === second)) return undefined
    const passes = this.signers.tryAcceptUnsigned(signer, nameOf(client, from), seen(packet, from), isAuto, now)
    return passes ? undefined : this.#dropUnsigned(packet, client, from, now)
  }

  #dropUnsigned(packet: Packet, client: Client, from: Peer, now: Instant): ClientDropReason {
    const because = client.options.requireMessageAuthenticator === 'yes' ? 'required' : 'learned'
    this.signers.drop(nameOf(client, from), seen(packet, from), because, now)
    return 'missing-message-authenticator'
  }

  /** Another engine may learn an address of an interface first: it is listed with the name of the interface all the same. */
  #knowZones(): void {
    const { clients } = this.#clients
    for (const zone of new Set(clients.map(({ options }) => zoneOf(options.network)))) this.#keys.know(zone)
  }

  #signerOf(address: string): Signer {
    const known = this.#atHand.get(address)
    if (known !== undefined) return known
    if (this.#atHand.size >= LEARNED_ADDRESSES) this.#atHand.clear()
    const signer = new Signer(this.#keys.keyOf(address))
    this.#atHand.set(address, signer)
    return signer
  }
}

const nameOf = ({ name }: Client, { address }: Peer) => ({ name, at: address })

const seen = ({ code, identifier }: Packet, { port }: Peer): SeenPacket => ({ port, code, identifier })
