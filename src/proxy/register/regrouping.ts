/**
 * After a reload: each waiting message has turns with the others of the client that it belongs to now.
 *
 * Most reloads change no client, or add one whose addresses belonged to nobody. Then nothing is moved. Else only the messages of the
 * clients that changed are. If clients did not have turns before, all that waits is looked at.
 */
import { RECORD_CLASS, TRAFFIC_CLASSES } from '../../classes.ts'
import type { Flow, Weight } from '../../queues/flow.ts'
import { PriorityQueue } from '../../queues/priority-queue.ts'
import type { ClientTable } from '../clients/client-table.ts'
import { Request } from '../work/request.ts'
import type { Places } from './places.ts'

/** `before`: the clients until now; undefined if they had no turns. All queues have their order already. */
export function regroup(places: Places, clients: ClientTable, before: ClientTable | undefined): void {
  const kept: ReadonlySet<Weight> = before === undefined ? new Set() : clients.sharesKeptFrom(before)
  for (const each of TRAFFIC_CLASSES) {
    const { holdings } = places.backlogs[each]
    holdings.reweigh()
    const others = holdings.heldBy(({ of }) => !kept.has(of))
    const outdated = others.filter((request) => Request.fields.isOutdated.get(request))
    // First all leave, so that nobody joins those who have yet to leave.
    const queues = new Map(others.map((request) => [request, takeOut(places, request)]))
    const join = (request: Request, its: Flow | undefined): void => {
      const client = clients.find(request.from.address) ?? request.client
      request.flow = its ?? places.flows.of(client, request)
      places.flows.count(request.flow, request.class, 1)
      holdings.enter(request)
      queues.get(request)?.put(request)
      request.lane?.schedule.markChanged()
    }
    if (each === RECORD_CLASS) places.sessions.regroup(others, join)
    else for (const request of others) join(request, undefined)
    for (const request of outdated) holdings.outdate(request)
  }
}

/** It has turns with nobody for a moment. Answers the queue in which it had them. */
function takeOut(places: Places, request: Request): PriorityQueue<Request> | undefined {
  places.backlogs[request.class].holdings.leave(request)
  places.flows.count(request.flow, request.class, -1)
  const { queue } = request
  if (!(queue instanceof PriorityQueue) || request.stage !== 'fresh') return undefined
  queue.remove(request)
  return queue
}
