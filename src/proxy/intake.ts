/**
 * Whether a client's datagram is a request at all: lengths, a known client, proof, what the configuration asks for
 * beyond the RFCs (BlastRADIUS, CVE-2024-3596), and nothing that every server would drop.
 *
 * The answer is the packet with its client, or the name of what is wrong. Nothing is changed here but what was learned:
 * an address whose verified Access-Request without EAP-Message carried Message-Authenticator must carry it from then on
 * (EAP always does, RFC 3579 section 3.2, and so proves nothing).
 */

import { attributesToAdd, hasTooManyAttributes } from '../radius/attribute-limit.ts'
import { checkRequest } from '../radius/authenticator.ts'
import { ACCESS_REQUEST } from '../radius/codes.ts'
import { type Packet, readPacket } from '../radius/packet.ts'
import { type Instant, MICROS_PER_SECOND, type TrafficClass } from '../units.ts'
import { type Client, ClientTable } from './client-table.ts'
import { LearnedNames } from './learned-names.ts'
import type { EngineOptions, Journal, Learned } from './ports.ts'
import type { ClientDropReason } from './reasons.ts'

/** Addresses that `auto` has learned. */
export const LEARNED_ADDRESSES = 65_536
/** RFC 5997 section 4.2 asks for a limit; 5 a second of one source address. */
const STATUS_SERVER_PER_SECOND = 5

type IntakeOptions = Pick<EngineOptions, 'clients' | 'maxAttributes'>

export type Verdict =
  | { readonly ok: true; readonly packet: Packet; readonly client: Client }
  | { readonly ok: false; readonly reason: ClientDropReason; readonly client: Client | undefined }

export class Intake {
  #clients: ClientTable
  #maxAttributes: number
  readonly #learned: Learned
  readonly #journal: Journal
  /** Status-Server requests by address within the running second. */
  readonly #statusServer = new Map<string, number>()
  #statusServerSecond = 0

  constructor(
    { clients, maxAttributes }: IntakeOptions,
    journal: Journal,
    learned: Learned = new LearnedNames(LEARNED_ADDRESSES),
  ) {
    this.#journal = journal
    this.#clients = new ClientTable(clients)
    this.#maxAttributes = maxAttributes
    this.#learned = learned
  }

  get clients(): readonly Client[] {
    return this.#clients.clients
  }

  get learnedAddresses(): number {
    return this.#learned.size
  }

  change({ clients, maxAttributes }: IntakeOptions): void {
    this.#clients = new ClientTable(clients, this.#clients)
    this.#maxAttributes = maxAttributes
  }

  check(trafficClass: TrafficClass, address: string, bytes: Uint8Array, now: Instant): Verdict {
    const client = this.#clients.find(address)
    if (client === undefined) return { ok: false, reason: 'unknown-client', client: undefined }
    client.received[trafficClass] += 1
    const packet = readPacket(bytes)
    if (typeof packet === 'string') return { ok: false, reason: packet, client }
    const reason =
      this.#refusedByServers(packet) ??
      checkRequest(packet, trafficClass, client.options.secret) ??
      this.#missingProof(packet, client, address, now)
    return reason === undefined ? { ok: true, packet, client } : { ok: false, reason, client }
  }

  /** Whether another Status-Server request of this address may be answered in this second. */
  maySeeStatus(address: string, now: Instant): boolean {
    const second = Math.floor(now / MICROS_PER_SECOND)
    if (second !== this.#statusServerSecond) {
      this.#statusServer.clear()
      this.#statusServerSecond = second
    }
    const count = (this.#statusServer.get(address) ?? 0) + 1
    this.#statusServer.set(address, count)
    return count <= STATUS_SERVER_PER_SECOND
  }

  /** What a server drops unread never reaches one: anybody could send it, and the server's silence would look like death. */
  #refusedByServers(packet: Packet): ClientDropReason | undefined {
    if (packet.hasTypeZero) return 'attribute-type-zero'
    const isTooMuch = hasTooManyAttributes(packet, this.#maxAttributes, attributesToAdd(packet))
    return isTooMuch ? 'too-many-attributes' : undefined
  }

  #missingProof(packet: Packet, client: Client, address: string, now: Instant): ClientDropReason | undefined {
    if (packet.code !== ACCESS_REQUEST) return undefined
    const { requireMessageAuthenticator, limitProxyState } = client.options
    if (packet.messageAuthenticatorAt !== 0) {
      if (packet.eapMessageAt === 0) this.#learn(client, address, now)
      return undefined
    }
    if (requireMessageAuthenticator === 'yes') return 'missing-message-authenticator'
    if (requireMessageAuthenticator === 'auto' && this.#learned.has(address)) return 'missing-message-authenticator'
    return limitProxyState && packet.proxyStateAt !== 0 ? 'proxy-state-unsigned' : undefined
  }
  #learn({ name, options }: Client, address: string, now: Instant): void {
    if (this.#learned.has(address)) return
    this.#learned.add(address)
    if (options.requireMessageAuthenticator !== 'auto') return
    this.#journal.note({ kind: 'signature-learned', peer: 'client', name, at: address }, now)
  }
}
