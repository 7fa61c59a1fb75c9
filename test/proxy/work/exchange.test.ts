/**
 * A request that nobody waits for from the start, as a record that was kept and is sent later: it is sent, its server's
 * response ends it, the books add up, and a client that sends the record meanwhile or afterwards gets its answer.
 */
import { describe, expect, it } from 'vitest'
import { Arrival, type ProvenArrival } from '../../../src/proxy/admission/arrival.ts'
import { Repetition } from '../../../src/proxy/admission/repetition.ts'
import type { Peer } from '../../../src/proxy/border/events.ts'
import { ONLY_FARM } from '../../../src/proxy/border/options.ts'
import { Client } from '../../../src/proxy/clients/client-table.ts'
import { Pools } from '../../../src/proxy/pool/pool.ts'
import { StateTable } from '../../../src/proxy/pool/state-table.ts'
import { ENTRY } from '../../../src/proxy/register/ledger.ts'
import { Register } from '../../../src/proxy/register/register.ts'
import { Answering } from '../../../src/proxy/serving/answering.ts'
import { Assigning } from '../../../src/proxy/serving/assigning.ts'
import { HealthChanges } from '../../../src/proxy/serving/health-changes.ts'
import { Requeue } from '../../../src/proxy/serving/requeue.ts'
import { Sending } from '../../../src/proxy/serving/sending.ts'
import type { Origin } from '../../../src/proxy/work/exchange.ts'
import { Lanes } from '../../../src/proxy/work/lanes.ts'
import { Request } from '../../../src/proxy/work/request.ts'
import type { Packet } from '../../../src/radius/packet.ts'
import { readPacket } from '../../../src/radius/packet.ts'
import { StrictOutbox } from '../../../src/simulation/world/strict-outbox.ts'
import { accountingRequest, answers, responseTo } from '../datagrams.ts'
import { START } from '../kit.ts'
import { defaults } from '../options.ts'

const FROM: Peer = { link: 0, address: '10.1.1.1', port: 5_000 }

/** The parts that a record passes, without what lets it in. */
const partsOf = () => {
  const options = defaults()
  const sent: Uint8Array[] = []
  const replies: Uint8Array[] = []
  const outbox = new StrictOutbox({
    forward: (_lane: number, _port: number, bytes: Uint8Array) => sent.push(bytes),
    probe: () => undefined,
    reply: (_to: Peer, bytes: Uint8Array) => replies.push(bytes),
  })
  const journal = { note: () => undefined }
  const register = new Register(options, { journal }, 1)
  const sending = new Sending(options, { register, outbox, journal, random: () => undefined }, 1)
  const pools = new Pools(options)
  const states = new StateTable(options.state)
  const assigning = new Assigning({ register, pools, states, sending })
  const requeue = new Requeue({ register, pools, sending, assigning })
  const healthChanges = new HealthChanges({ pools, assigning, requeue, journal })
  const answering = new Answering({ register, sending, assigning, healthChanges, states, outbox, journal }, 1)
  const repetition = new Repetition({ register, sending, answering, outbox })
  const lanes = new Lanes()
  lanes.reconfigure(options, START)
  const [lane] = lanes.inOrder({ farm: ONLY_FARM, class: 'accounting' })
  if (lane === undefined) throw new Error('no lane')
  return { client: new Client(options.clients[0]!), register, sending, answering, repetition, lane, sent, replies }
}

const recordOf = (client: Client, identifier = 7): Origin => {
  const bytes = accountingRequest({ tag: 'a', identifier, eventAt: 1_700_000_000 })
  return { from: FROM, client, packet: readPacket(bytes) as Packet }
}

/** What the intake makes of it. */
const arrivalOf = (origin: Origin): ProvenArrival =>
  Object.assign(new Arrival('accounting', origin.from, origin.packet.bytes, START), origin)

/** It is let in and sent, and nobody waits for it. */
const sentFor = ({ client, register, sending, lane }: ReturnType<typeof partsOf>): Request => {
  const origin = recordOf(client)
  const request = new Request({
    arrival: 1,
    class: 'accounting',
    origin,
    flow: client.share.flow,
    octets: register.places.octets,
    receivedAt: START,
  })
  register.ledgers.accounting.count(ENTRY.received)
  register.admit(request, undefined, START)
  register.check()
  expect(register.places.instanceQueue.takeNext()).toBe(request)
  request.lane = lane
  expect(sending.trySend(request, lane, START, true)).toBe(true)
  register.check()
  return request
}

describe('a record that nobody waits for', () => {
  it('is sent, and ends as delivered when its server answers; no client gets anything', () => {
    const parts = partsOf()
    const { register, answering, lane, sent, replies } = parts
    const request = sentFor(parts)
    expect(register.exchanges.of(request)).toEqual([])
    answering.handle(lane, 0, responseTo(sent[0]!), START)
    register.check()
    expect(replies).toEqual([])
    expect(register.ledgers.accounting.snapshot()).toMatchObject({ received: 1, answered: 0, deliveredUnanswered: 1 })
    expect([register.places.outstanding.accounting, register.places.backlogs.accounting.messages]).toEqual([0, 0])
  })

  it('is known when its client sends it meanwhile: that is one exchange, which gets the answer', () => {
    const parts = partsOf()
    const { client, register, answering, repetition, lane, sent, replies } = parts
    const request = sentFor(parts)
    const again = recordOf(client, 8)
    register.ledgers.accounting.count(ENTRY.received)
    expect(repetition.admit(arrivalOf(again), START)).toBe('ends')
    expect(register.exchanges.of(request)).toMatchObject([again])
    answering.handle(lane, 0, responseTo(sent[0]!), START)
    register.check()
    expect(replies.map((reply) => answers(reply, again.packet.bytes))).toEqual([true])
    expect(register.ledgers.accounting.snapshot()).toMatchObject({ answered: 1, deliveredUnanswered: 0, duplicate: 1 })
  })

  it('is known when its client sends it afterwards, under its own identifier too, and is answered at once', () => {
    const parts = partsOf()
    const { client, register, answering, repetition, lane, sent, replies } = parts
    sentFor(parts)
    answering.handle(lane, 0, responseTo(sent[0]!), START)
    for (const identifier of [7, 7, 8]) {
      register.ledgers.accounting.count(ENTRY.received)
      expect(repetition.admit(arrivalOf(recordOf(client, identifier)), START)).toBe('ends')
    }
    register.check()
    expect(replies.map((reply) => answers(reply, recordOf(client, reply[1]!).packet.bytes))).toEqual([true, true, true])
    expect(sent).toHaveLength(1)
    expect(register.ledgers.accounting.snapshot()).toMatchObject({ deliveredUnanswered: 1, duplicate: 3 })
  })
})
