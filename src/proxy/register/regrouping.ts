/**
 * After a reload: each waiting message has turns with the others of the client that it belongs to now.
 *
 * Most reloads change no client, or add one whose addresses belonged to nobody. Then nothing is moved. Else only the messages of the
 * clients that changed are. If clients did not have turns before, all that waits is looked at.
 */
import { TRAFFIC_CLASSES } from '../../classes.ts'
import type { Flow, Weight } from '../../queues/flow.ts'
import { PriorityQueue } from '../../queues/priority-queue.ts'
import type { ClientTable } from '../clients/client-table.ts'
import { Request } from '../work/request.ts'
import type { Places } from './places.ts'

/** `before`: the clients until now; undefined if they had no turns. All queues have their order already. */
export function regroup(places: Places, clients: ClientTable, before: ClientTable | undefined): void {
  const kept: ReadonlySet<Weight> = before === undefined ? new Set() : clients.sharesKeptFrom(before)
  const flowOf = (request: Request): Flow => {
    const client = clients.find(request.from.address)
    return client === undefined ? clients.nobodys.flow : places.flows.of(client, request)
  }
  for (const each of TRAFFIC_CLASSES) {
    const { holdings } = places.backlogs[each]
    holdings.reweigh()
    const others = holdings.heldBy(({ of }) => !kept.has(of))
    const outdated = others.filter((request) => Request.fields.isOutdated.get(request))
    // First all leave, so that nobody joins those who have yet to leave.
    const queues = others.map((request) => takeOut(places, request))
    places.sessions.regroup(others, flowOf)
    for (const [at, request] of others.entries()) {
      places.flows.count(request.flow, request.class, 1)
      holdings.enter(request)
      Request.fields.promoter.get(request)?.promise(request)
      queues[at]?.put(request)
      request.lane?.schedule.markChanged()
    }
    for (const request of outdated) holdings.outdate(request)
  }
}

/**
 * It has turns with nobody for a moment. Answers the queue in which it had them. What a server queue gave back has had its turn: it
 * keeps its place in the instance queue, and its client now is promised what its client before was.
 */
function takeOut(places: Places, request: Request): PriorityQueue<Request> | undefined {
  const promoter = Request.fields.promoter.get(request)
  promoter?.settle(request)
  places.backlogs[request.class].holdings.leave(request)
  places.flows.count(request.flow, request.class, -1)
  const { queue } = request
  if (!(queue instanceof PriorityQueue) || request.stage !== 'fresh' || promoter !== undefined) return undefined
  queue.remove(request)
  return queue
}
