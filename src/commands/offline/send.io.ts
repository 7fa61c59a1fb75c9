/**
 * `radsluice send`: sends one test request to any RADIUS server (radsluice itself, say) and shows the response.
 *
 * The response is verified before it is shown. Exit 0: Access-Accept or Accounting-Response; 1: anything else, or none.
 */

import { randomFillSync, randomInt } from 'node:crypto'
import { endpointText } from '../../addresses.ts'
import { CLASS_TRAITS } from '../../classes.ts'
import { codedError } from '../../coded-error.ts'
import { ACCESS_ACCEPT, ACCOUNTING_RESPONSE } from '../../codes.ts'
import { checkResponse } from '../../radius/authenticator.ts'
import { describe, type PacketDescription } from '../../radius/names/describe.io.ts'
import { readPacket } from '../../radius/packet.ts'
import { Secret } from '../../radius/secret.ts'
import { monotonicNow } from '../../transport/clock.io.ts'
import { openSocket } from '../../transport/dgram/socket.io.ts'
import { parseEndpoint } from '../input/endpoint.ts'
import { readSecretText } from '../input/secret.io.ts'
import { testRequest } from '../input/test-request.ts'
import { JSON_OPTION, numberOption, textOption, verb } from '../input/verb.ts'
import { say, writeData, writeJson } from '../terminal/output.io.ts'
import { packetText } from '../text/packet-text.ts'

const PORTS = {
  auth: CLASS_TRAITS.authentication.port,
  acct: CLASS_TRAITS.accounting.port,
  status: CLASS_TRAITS.authentication.port,
} as const

type Result =
  | { readonly kind: 'answer'; readonly bytes: Uint8Array; readonly seconds: number }
  | { readonly kind: 'refused' }
  | { readonly kind: 'silence' }

export const send = verb({
  examples: [
    ['send auth --secret-file s --user alice --password-env P', 'an Access-Request to 127.0.0.1:1812'],
    ['send status --server 192.0.2.10:1813 --secret-env S', 'is that server alive?'],
  ],
  positionals: {
    what: { choices: ['auth', 'acct', 'status'] as const, demandOption: true, describe: 'What to send.' },
  },
  options: {
    server: { ...textOption('IP address, and :port if not the usual one.'), default: '127.0.0.1' },
    'secret-file': textOption('A file that holds the shared secret.'),
    'secret-env': textOption('The environment variable that holds it.'),
    user: { ...textOption('User-Name.'), default: 'test' },
    'password-file': textOption('A file that holds the password (auth).'),
    'password-env': textOption('The environment variable that holds it.'),
    timeout: { ...numberOption('Seconds to wait for the answer.'), within: [0.001, 600], fraction: true, default: 3 },
    json: JSON_OPTION,
  },
  run: async (o) => {
    const { what, user, json } = o
    const server = parseEndpoint(o.server, PORTS[what])
    if (!server) throw codedError('USAGE', `--server: "${o.server}" is no IP address (and port); write 127.0.0.1:1812`)
    const secret = new Secret(nonEmpty(readSecretText('secret', { file: o['secret-file'], env: o['secret-env'] })))
    const password =
      what === 'auth' ? readSecretText('password', { file: o['password-file'], env: o['password-env'] }) : ''
    const authenticator = randomFillSync(new Uint8Array(16))
    const request = testRequest({ what, user, password, secret, identifier: randomInt(256), authenticator })
    if ('problem' in request) throw codedError('USAGE', request.problem)
    const result = await exchange(server, request, o.timeout)
    const where = endpointText(server)
    if (result.kind !== 'answer') {
      const why = result.kind === 'refused' ? 'nothing listens there' : `no answer within ${o.timeout} s`
      if (json) writeJson({ server: where, answer: null, why })
      say(`${where}: ${why}`)
      return 1
    }
    const { bytes, seconds } = result
    const fault = verdict(bytes, request, secret)
    if (json) writeJson({ server: where, seconds, answer: described(bytes) ?? null, fault: fault ?? null })
    else show(result, where)
    if (fault !== undefined) say(`the answer does not verify (${fault}); is the shared secret right?`)
    return fault === undefined && [ACCESS_ACCEPT, ACCOUNTING_RESPONSE].includes(bytes[0] ?? 0) ? 0 : 1
  },
})

function nonEmpty(secret: string): string {
  if (secret === '') throw codedError('USAGE', 'the shared secret is empty')
  return secret
}

function verdict(answer: Uint8Array, request: Uint8Array, secret: Secret): string | undefined {
  const packet = readPacket(answer)
  if (typeof packet === 'string') return packet
  if (packet.identifier !== request[1]) return 'another identifier'
  return checkResponse(packet, { code: request[0] ?? 0, authenticator: request.subarray(4, 20) }, secret)
}

function described(bytes: Uint8Array): PacketDescription | undefined {
  const packet = describe(bytes)
  return 'fault' in packet ? undefined : packet
}

function show({ bytes, seconds }: Extract<Result, { kind: 'answer' }>, where: string): void {
  const packet = described(bytes)
  for (const line of packet ? packetText(packet) : ['a packet that is no RADIUS packet']) writeData(line)
  say(`from ${where} after ${(seconds * 1_000).toFixed(1)} ms`)
}

/** One datagram out, the first one back. */
async function exchange(
  server: { address: string; port: number },
  request: Uint8Array,
  patienceSeconds: number,
): Promise<Result> {
  const { promise: result, resolve: end } = Promise.withResolvers<Result>()
  let sentAt = 0
  const socket = await openSocket({
    purpose: 'send',
    server,
    message: (bytes) => end({ kind: 'answer', bytes, seconds: (monotonicNow() - sentAt) / 1e6 }),
    failed: () => end({ kind: 'refused' }),
  })
  const patience = setTimeout(() => end({ kind: 'silence' }), patienceSeconds * 1_000)
  sentAt = monotonicNow()
  socket.send(request)
  try {
    return await result
  } finally {
    clearTimeout(patience)
    socket.close()
  }
}
