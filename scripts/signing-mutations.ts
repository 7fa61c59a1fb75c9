/**
 * Faults in what `require_message_authenticator: auto` learns, forgets and asks for.
 */
import { inFile, type Mutation } from './mutation.ts'

const signers = inFile('src/proxy/signing/signers.ts')
const recent = inFile('src/proxy/signing/recent-by-name.ts')
const table = inFile('src/proxy/signing/last-seen-table.ts')
const intake = inFile('src/proxy/admission/intake.ts')
const keys = inFile('src/proxy/signing/address-keys.ts')
const servers = inFile('src/proxy/serving/server-signers.ts')

export const SIGNING_MUTATIONS: readonly Mutation[] = [
  signers(
    'what was taken unsigned does not keep from learning (0.1.0)',
    'return last >= 0 && second - last',
    'return second < 0 && second - last',
  ),
  signers(
    'the hour is over a second too early',
    'second - last <= UNSIGNED_COUNTS_FOR',
    'second - last < UNSIGNED_COUNTS_FOR',
  ),
  signers(
    'what was learned is never forgotten (0.1.0)',
    '- this.#found.last <= LEARNED_FOR) return true',
    '>= 0) return true',
  ),
  signers(
    'the 30 days are over a second too early',
    '- this.#found.last <= LEARNED_FOR) return true',
    '- this.#found.last < LEARNED_FOR) return true',
  ),
  signers('who goes on signing is forgotten all the same', 'this.#learned.touch(signer.key, second)\n', ''),
  signers('EAP teaches', 'else if (!teaches) signer.idleAt = second', 'else if (now < 0) signer.idleAt = second'),
  signers('an unsigned packet unlearns', '    if (!isAuto) {\n', '    if (!isAuto || signer.key.length > 0) {\n'),
  signers(
    'what was taken under no is dropped once auto is back',
    'if (this.#learned.read(signer.key, this.#found)) this.#forgetOne',
    'if (second < 0) this.#forgetOne',
  ),
  signers(
    'what is dropped is told on where an operator had it forgotten',
    "this.#dropped.remove(({ because }) => because === 'learned')",
    '',
  ),
  recent(
    'of a name one address is known',
    '    addresses.delete(at)\n    addresses.set',
    '    addresses.clear()\n    addresses.set',
  ),
  recent('of a name there is no end of addresses', 'if (addresses.size > MOST_ADDRESSES)', 'if (addresses.size < 0)'),
  signers('who had to make room counts as one that sent nothing', ': this.#unsigned.forgottenBeside(key)', ': -1'),
  signers('an operator can not have it forgotten', 'this.#learned.clear()', ''),
  signers(
    'what another engine takes at the same moment does not count',
    'if (!this.#mayHaveSentUnsigned(key, second)) return true\n    this.#learned.remove(key)\n    return false',
    'return true',
  ),
  signers(
    'what another engine learns at the same moment does not count',
    'if (this.hasLearned(signer, of, now)) return false\n    signer.acceptedAt',
    'signer.acceptedAt',
  ),
  table(
    'the youngest makes room',
    '< Atomics.load(page, oldest + LAST)) oldest',
    '> Atomics.load(page, oldest + LAST)) oldest',
  ),
  table(
    'who makes room is not noted',
    'if (left > Atomics.load(page, from + FORGOTTEN)) Atomics',
    'if (left < 0) Atomics',
  ),
  table('a former epoch is known still', ' || Atomics.load(page, at + ENTRY_EPOCH) !== this.#epoch', ''),
  table(
    'each has a salt of its own',
    'return Atomics.compareExchange(this.#header, word, 0, mine) || mine',
    'return word > 0 ? mine : 0',
  ),
  table(
    'whoever makes room is noted, though one that left before was seen later',
    'if (left > Atomics.load(page, from + FORGOTTEN)) Atomics',
    'if (left > 0) Atomics',
  ),
  table(
    'strangers can choose keys that meet',
    'return keyedHash(key, this.#k0, this.#k1) & this.#mask',
    'return key.reduce((hash, word) => { const h = Math.imul(hash ^ word, 0x85ebca6b); return h ^ (h >>> 15) }, this.#k0 ^ this.#k1) & this.#mask',
  ),
  intake(
    'an unsigned request that is dropped for its Proxy-State counts as taken',
    "    if (limitProxyState && packet.proxyStateAt !== 0) return 'proxy-state-unsigned'\n    if (isAccepted ||",
    "    this.#signers.tryAcceptUnsigned(signer, nameOf(client, from), seen(packet, from), false, now)\n    if (limitProxyState && packet.proxyStateAt !== 0) return 'proxy-state-unsigned'\n    if (isAccepted ||",
  ),
  intake('what is taken under no keeps nobody from learning', '(!isAuto && signer.notedAt === second)', '!isAuto'),
  keys(
    'a link-local address is one for all interfaces',
    'hashOf(key.slice(ZONE_AT, ZONE_END), zone)',
    "hashOf(key.slice(ZONE_AT, ZONE_END), '')",
  ),
  keys(
    'octets that a link-local address should not have make no difference',
    'hashOf(key.slice(ZONE_AT, ZONE_END), zone)',
    'hashOf(NO_OCTETS, zone)',
  ),
  keys('addresses of IPv4 are told wrongly', 'key.set(MAPPED, MAPPED_AT)', 'key.set(MAPPED, 0)'),
  servers(
    'an unsigned answer does not keep a server from being learned',
    '} else if (isAuto ? signer.acceptedAt !== second : signer.notedAt !== second) {',
    '} else if (second < 0) {',
  ),
  servers('a server is learned from EAP', 'isAuto && response.eapMessageAt === 0', 'isAuto'),
]
