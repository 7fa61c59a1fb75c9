/**
 * Faults that somebody could make between the sockets and the engine: when the loop turns, which links there are, and whose the
 * octets are.
 */
import { inFile, type Mutation } from './mutation.ts'

const turn = inFile('src/transport/turn.ts')
const loop = inFile('src/transport/loop.io.ts')
const plan = inFile('src/transport/listener-plan.ts')
const source = inFile('src/transport/source-endpoints.ts')
const failures = inFile('src/transport/failures.ts')
const links = inFile('src/transport/links.io.ts')
const listeners = inFile('src/transport/listeners.io.ts')
const request = inFile('src/proxy/work/request.ts')

export const TRANSPORT_MUTATIONS: readonly Mutation[] = [
  turn('a turn serves for a microsecond more', 'now - began < SERVE_AT_MOST', 'now - began <= SERVE_AT_MOST'),
  turn('a moment that is just near is slept for', '<= TOO_SHORT_TO_SLEEP', '< TOO_SHORT_TO_SLEEP'),
  turn('a timer that rings at the moment is set again', 'timerAt > moment', 'timerAt >= moment'),
  turn('a timer that rings too late stands', ' || timerAt > moment', ''),
  turn('a sleep ends at the moment itself', 'moment - now - TIMER_MARGIN', 'moment - now'),
  turn('a sleep is as long as the moment is far', 'Math.min(LONGEST_SLEEP_MS, ', 'Math.max(0, '),
  failures('a socket takes one datagram more', 'unsent >= MOST_UNSENT', 'unsent > MOST_UNSENT'),
  failures('what waits in a socket has no limit', "unsent >= MOST_UNSENT ? 'ENOBUFS' : undefined", 'undefined'),
  failures('a socket that was closed is sent to', "!isOpen ? 'EBADF' : ", ''),
  failures('a server that refuses has failed', "  if (code === 'ECONNREFUSED') return 'refused'\n", ''),
  failures('any socket is closed where a route is gone', "server.address.includes('%') && GONE", 'GONE'),
  failures('a link-local socket is closed by any failure', ' && GONE.includes(code)', ''),
  failures('a socket that leads nowhere stays', "? 'gone' : 'failed'", "? 'failed' : 'failed'"),
  failures('an interface that was removed is still there', ", 'ENODEV', 'ENXIO'", ''),
  failures('a link is opened with each datagram', ' || now - this.#triedAt < TRY_AGAIN_MS', ''),
  failures('a link is opened twice at once', 'if (this.#isUnderWay || ', 'if ('),
  failures('a link that was closed is opened again', ' || this.#isClosed || now', ' || now'),
  failures('a socket that comes after the end stays open', 'return !this.#isClosed\n', 'return true\n'),
  failures(
    'a link that failed once is never opened again',
    '    this.#isUnderWay = false\n    this.#reason',
    '    this.#reason',
  ),
  failures('why there is no socket is what it was at first', '    this.#reason = reason\n', ''),
  loop('a turn has no end', '    this.#transport.flush()\n', ''),
  loop('requests are handed over after the engine has served', '    this.#transport.deliver()\n', ''),
  loop(
    'each message of a turn has a time of its own',
    'return this.#isInTurn ? this.#now : this.#clock()',
    'return this.#clock()',
  ),
  loop('a link that goes down is a refused one', "if (to !== 'refused') return", 'if (to.length <= 2) return'),
  loop(
    'what is refused is not handed on',
    'this.#engine.refused(lane, link, now, quoted)',
    'this.#engine.refused(lane, link, now)',
  ),
  loop(
    'a packet that throws ends the others of its turn',
    "      this.#failed('receive', error, octets, now)",
    '      throw error',
  ),
  plan('a failure to open is told each second', 'return tries === (', 'return tries >= ('),
  plan('an address that the machine lacks is a failure', 'if (o.isLacking && !o.isListed) return false\n', ''),
  plan('an address that has just come is a failure at once', 'o.isLacking ? SILENT_TRIES : 1', '1'),
  plan('a closed address of a wildcard is shown', "if (one.isOfWildcard && presence === 'absent') return []\n", ''),
  plan('an optional listener must be there', 'one.isOfWildcard || one.optional === true', 'one.isOfWildcard'),
  plan('a listener that is open is shown as absent too', 'openKeys.has(key) ? [] :', 'openKeys.size < 0 ? [] :'),
  source('two instances share a source port', '* share.of + share.number', '* share.of'),
  source('a class takes the ports of the one before it', 'behind + link', 'link'),
  source('the probe has the port of the first source', 'link - PROBE_PORT', 'Math.max(link, 0)'),
  source('the ports of a range that goes down go up', 'place * step', 'place'),
  source('a lane may lead elsewhere', 'endpointText(plan)', 'endpointText({ ...plan, port: 0 })'),
  links(
    'a lane that is named no more stays open',
    'if (!kept.has(lane)) this.#close(lane)',
    'if (kept.size < 0) this.#close(lane)',
  ),
  links('what was opened before a failure stays open', '      for (const lane of added) this.#close(lane)\n', ''),
  links(
    'a lane forgets its links when it grows',
    'let open = this.#lanes.get(lane.lane)',
    'let open = lane.ports < 3 ? this.#lanes.get(lane.lane) : undefined',
  ),
  links('who was found not to be ours is never asked again', '        this.#version += 1\n', ''),
  links('any sender with a port of ours is ours', ' && own.address === address', ''),
  listeners('an answer leaves from any address', 'this.#exits.get(to.link)', '[...this.#exits.values()].at(-1)'),
  listeners('the number of a listener is used again', 'this.#nextNumber += 1', 'this.#nextNumber = this.#open.size'),
  request(
    'a request keeps the octets of the transport',
    '    packet.own(o.octets.at(this.#cell, packet.length))\n',
    '',
  ),
  inFile('src/proxy/register/exchanges.ts')(
    'a repeated record keeps the octets of the transport',
    '    exchange.packet.own()\n',
    '',
  ),
]
