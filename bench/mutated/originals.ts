/**
 * The packets that are mutated: requests as BNGs, Wi-Fi controllers and gateways send them, and the answers of servers.
 */
import {
  type Attribute,
  accessRequest,
  accountingRequest,
  hiddenPassword,
  MESSAGE_AUTHENTICATOR,
  response,
} from '../../test/e2e/kit/wire.ts'
import { type Parsed, salted } from './judge.ts'
import type { Dice } from './mutator.ts'

const vendor = (number: number, type: number, value: Uint8Array): Attribute => {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(number)
  return [26, Buffer.concat([head, Buffer.of(type, value.length + 2), value])]
}

/** A request whose content has not been sent before: `serial` stands in it. */
export function originalRequest(o: { dice: Dice; secret: string; identifier: number; serial: number }): Buffer {
  const { dice, secret, identifier, serial } = o
  const authenticator = dice.octets(16)
  const more: Attribute[] = [
    ...(dice.chance(0.5) ? [[4, Buffer.of(192, 0, 2, 7)] as const] : []),
    ...Array.from({ length: dice.below(4) }, (_, place): Attribute => [33, `proxy ${place}`]),
    ...(dice.chance(0.3) ? [vendor(10_415, 1, Buffer.from('001010123456789'))] : []),
    ...(dice.chance(0.1)
      ? Array.from({ length: 1 + dice.below(14) }, (): Attribute => [25, Buffer.alloc(253, 7)])
      : []),
  ]
  if (dice.chance(0.45)) {
    const attributes: Attribute[] = [
      ...(dice.chance(0.2) ? [MESSAGE_AUTHENTICATOR] : []),
      [40, dice.pick([1, 2, 3, 7])],
      [44, `session ${serial}`],
      [42, dice.below(0xffff_ffff)],
      ...(dice.chance(0.5) ? [[55, 1_700_000_000 + serial] as const] : []),
      ...(dice.chance(0.3) ? [vendor(4_874, 151, Buffer.alloc(4))] : []),
      ...more,
    ]
    return accountingRequest({ secret, identifier, attributes })
  }
  const way = dice.pick(['pap', 'chap', 'eap'] as const)
  const proof: Attribute[] =
    way === 'pap'
      ? [[2, hiddenPassword('wonderland', authenticator, secret)]]
      : way === 'chap'
        ? [[3, dice.octets(17)], ...(dice.chance(0.5) ? [[60, dice.octets(16)] as const] : [])]
        : [[79, Buffer.concat([Buffer.of(2, 1, 0, 6, 1), dice.octets(1)])]]
  const isSigned = way === 'eap' || dice.chance(0.6)
  const attributes: Attribute[] = [
    ...(isSigned && dice.chance(0.5) ? [MESSAGE_AUTHENTICATOR] : []),
    [1, `user ${serial}`],
    ...proof,
    ...more,
  ]
  if (isSigned && attributes[0] !== MESSAGE_AUTHENTICATOR) attributes.push(MESSAGE_AUTHENTICATOR)
  return accessRequest({ secret, identifier, authenticator, attributes })
}

/** What a server that knows the secret answers to what it was sent. */
export function originalResponse(o: { dice: Dice; secret: string; request: Parsed }): Buffer {
  const { dice, secret, request } = o
  const back = request.attributes.filter(([type]) => type === 33)
  if (request.code === 4) return response({ secret, request, code: 5, attributes: back })
  const hidden = (value: string): Buffer =>
    salted(value, {
      salt: Buffer.concat([Buffer.of(128 + dice.below(128)), dice.octets(1)]),
      authenticator: request.authenticator,
      secret,
    })
  const code = dice.pick([2, 2, 3, 11])
  const attributes: Attribute[] = [
    ...(dice.chance(0.7) || code === 11 ? [MESSAGE_AUTHENTICATOR] : []),
    [25, dice.octets(16)],
    ...(code === 2 && dice.chance(0.4)
      ? [[69, Buffer.concat([Buffer.of(1), hidden('a tunnel secret')])] as const]
      : []),
    ...(code === 2 && dice.chance(0.4)
      ? [vendor(311, 16, hidden('a key of 32 octets, or nearly so')), vendor(311, 17, hidden('another'))]
      : []),
    ...(code === 11 ? [[24, dice.octets(16)] as const, [79, Buffer.of(1, 2, 0, 6, 13, 32)] as const] : []),
    [18, 'welcome'],
    ...back,
  ]
  return response({ secret, request, code, attributes })
}
