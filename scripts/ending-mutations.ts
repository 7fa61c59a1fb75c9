/**
 * Faults that somebody could make in how a daemon ends: what is given up by a drain, what a stop foresees, and how long
 * clients have been silent.
 */
import { inFile, type Mutation } from './mutation.ts'

const heard = inFile('src/proxy/register/last-heard.ts')
const register = inFile('src/proxy/register/register.ts')
const repetition = inFile('src/proxy/admission/repetition.ts')
const rollout = inFile('src/instances/rollout.ts')
const inHand = inFile('src/observe/view/in-hand.ts')
const difference = inFile('src/config/outward/difference.ts')
const assigning = inFile('src/proxy/serving/assigning.ts')

export const ENDING_MUTATIONS: readonly Mutation[] = [
  heard(
    'what falls out of reach is forgotten',
    'this.#older += this.#counts[place] as number',
    'this.#older += (this.#counts[place] as number) * 0',
  ),
  heard(
    'what is out of reach is looked for within reach',
    'if (span <= this.#newest - SPANS) this.#older -= 1',
    'if (span < this.#newest - SPANS) this.#older -= 1',
  ),
  heard('a span that is not over counts', 'endOf(span) <= now - GIVEN_UP_AFTER', 'span * SPAN <= now - GIVEN_UP_AFTER'),
  register(
    'a record that ends is listened for',
    'this.exchanges.endAll(request)\n    this.records.ended(request, now)\n',
    'this.exchanges.endAll(request)\n    if (now < 0) this.records.ended(request, now)\n',
  ),
  repetition(
    'a record that is sent again counts as given up',
    'register.heardAgain(before.request, arrival, now)\n',
    '',
  ),
  repetition(
    'a record that is sent again under another identifier counts as given up',
    'register.heardAgain(known.request, arrival, now)',
    'register.heardAgain(undefined, arrival, now)',
  ),
  assigning(
    'a drain gives up what was set aside',
    "return this.#draining === 'end' && courseOf",
    "return this.#draining !== 'no' && courseOf",
  ),
  assigning(
    'a drain that becomes an end gives no last try',
    'if (how === this.#draining) return',
    "if (how === this.#draining || this.#draining !== 'no') return",
  ),
  rollout(
    'all are told of a change of mind while the word before is on its way',
    'thread.drains === this.#drains && mayDrain === this.#drains',
    'thread.drains === this.#drains',
  ),
  inHand('a server that is held is taken for alive', '&& !lane.isHeldDown && !lane.retiring', '&& !lane.retiring'),
  inHand(
    'a long queue of one server goes to the others',
    'excess += Math.max(0, demand - capacity)',
    'excess += Math.max(0, demand - capacity) * 0',
  ),
  inHand(
    'what is set aside is hoped for',
    "{ obstacle: 'set-aside', messages: of.setAside }",
    "{ obstacle: 'set-aside', messages: 0 }",
  ),
  difference(
    'a changed secret is none',
    'if (!before.equals(after)) found.push',
    'if (before === undefined) found.push',
  ),
  difference('a server that came is not told', 'if (!before.has(name)) found.push', 'if (before.size < 0) found.push'),
  difference(
    'the order of servers is not told',
    'if (stayed.some((name, at) => name !== stay[at]))',
    'if (stayed.length < 0)',
  ),
]
