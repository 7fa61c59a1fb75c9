/**
 * A proposal as a configuration file: what was computed, and for names, addresses and secrets a place to fill in.
 *
 * It loads as it stands once the secrets are there. Addresses are those that RFC 5737 keeps for documentation.
 */

import { TRAFFIC_CLASSES, type TrafficClass } from '../../classes.ts'
import type { Algorithm } from '../../proxy/border/options.ts'
import { durationText } from '../../units.ts'
import type { ClassProposal, Demand, Proposal } from './plan.ts'

const OVERFLOW = { authentication: 'drop_newest', accounting: 'shed_interim_first' } as const
/** For the algorithm `hash`: what is in nearly every message of the class. */
const HASH_KEY = { authentication: 'User-Name', accounting: 'Acct-Session-Id' } as const

/** With `bngs` client entries of one network each; the last line ends with a newline. */
export function yamlOf({ demand, classes }: Proposal): string {
  return [
    ...introductionOf(demand),
    'listen:',
    '  authentication: ["0.0.0.0:1812"]',
    `  accounting: ${demand.hasAccounting ? '["0.0.0.0:1813"]' : '[]'}`,
    '',
    'clients: # your BNGs',
    '  - name: bng',
    '    address: 192.0.2.0/24',
    '    secret_file: /etc/radsluice/secrets/bng',
    '',
    'queues:',
    ...TRAFFIC_CLASSES.map((each) => `  ${each}: ${queueOf(classes[each], each)}`),
    '',
    'farm:',
    ...TRAFFIC_CLASSES.map((each) => `  ${each}: ${laneOf(demand.algorithm, classes[each], each)}`),
    '  servers: # yours',
    ...Array.from({ length: demand.servers }, (_, index) => serverOf(index + 1)).flat(),
    '',
  ].join('\n')
}

const introductionOf = ({ sessions, storm, servers, capacity, instances }: Demand): string[] => [
  `# Proposed by "radsluice plan" for ${text(sessions)} sessions, a storm of ${text(storm)}, and`,
  `# ${servers} ${servers === 1 ? 'server that does' : 'servers that do'} ${text(capacity)} messages a second${servers === 1 ? '' : ' each'}.`,
  ...(instances > 1 ? [`# One of ${instances} instances: the rates are its share of the servers.`] : []),
  '# Names, addresses and secrets are examples; fill in your own.',
]

const queueOf = ({ maxMessages, maxBytes, maxAge }: ClassProposal, trafficClass: TrafficClass): string =>
  `{ max_messages: ${maxMessages}, max_bytes: ${Math.ceil(maxBytes / 1024 ** 2)}MiB, max_age: ${durationText(maxAge)}, overflow: ${OVERFLOW[trafficClass]} }`

const laneOf = (algorithm: Algorithm, of: ClassProposal, trafficClass: TrafficClass): string => {
  const hash = algorithm === 'hash' ? `, hash_key: ${HASH_KEY[trafficClass]}` : ''
  return `{ algorithm: ${algorithm}${hash}, max_rate: ${of.maxRate}, max_outstanding: ${of.maxOutstanding}, timeout: ${durationText(of.timeout)} }`
}

const serverOf = (number: number): string[] => [
  `    - name: server-${number}`,
  `      address: 198.51.100.${number}`,
  `      secret_file: /etc/radsluice/secrets/server-${number}`,
]

const text = (count: number): string => count.toLocaleString('en-US')
