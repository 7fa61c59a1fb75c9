/**
 * Clients that log in and ask again, and servers that take their time, for tests of failover.
 *
 * Both are planned at moments of a world (kit.ts) and looked at when it has come to its end.
 */
import { type Instant, after as later, millis, seconds } from '../../src/units.ts'
import { messageAuthenticator, packetOf, sign } from '../radius/oracle.ts'
import { SERVER_SECRET } from './datagrams.ts'
import { START, type World } from './kit.ts'

export interface Login {
  readonly from: Instant
  isUp: boolean
}

/** A client that sends `sends` times, `gap` seconds apart, and looks at once before each whether it has its answer. */
export const login = (world: World, at: Instant, gap: number, sends: number): Login => {
  const one: Login = { from: at, isUp: false }
  world.plan(at, () => {
    const asked = world.access()
    world.settle()
    for (let send = 1; send <= sends; send += 1) {
      world.plan(later(at, seconds(send * gap)), () => {
        if (world.answersTo(asked).length > 0) one.isUp = true
        else if (send < sends) world.again(asked)
        world.settle()
      })
    }
  })
  return one
}

/** Every server answers each new packet once, after so many seconds; it knows retransmissions by their octets. */
export const answerAfter = (world: World, time: number): void => {
  const known = new Set<string>()
  world.onProbe = ({ lane, bytes }) => {
    const answer = sign(
      packetOf(2, bytes[1]!, bytes.subarray(4, 20), [messageAuthenticator]),
      SERVER_SECRET,
      bytes.subarray(4, 20),
    )
    world.plan(later(world.now, millis(5)), () => world.engine.probeAnswered(lane, answer, world.now))
  }
  world.onForward = (sent) => {
    const octets = `${sent.server} ${Buffer.from(sent.bytes).toString('hex')}`
    if (known.has(octets)) return
    known.add(octets)
    world.plan(later(world.now, seconds(time)), () => world.answer(sent))
  }
}

/** Somebody else logs in every `every` seconds, up to `until`. */
export const othersLogIn = (world: World, every: number, until: number): void => {
  for (let second = every; second < until; second += every) {
    world.plan(later(START, seconds(second)), () => {
      world.access()
      world.settle()
    })
  }
}

/** How many different packets servers were sent, of all or of some. */
export const differentPackets = ({ sent }: Pick<World, 'sent'>): number =>
  new Set(sent.map(({ server, bytes }) => `${server} ${Buffer.from(bytes).toString('hex')}`)).size
