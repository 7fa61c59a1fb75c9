/**
 * Faults in what is moved from one secret to another, and in how vendors' sub-attributes are read.
 */
import { inFile, type Mutation } from './mutation.ts'

const hidden = inFile('src/radius/hidden.ts')
const format = inFile('src/radius/vendors/vendor-format.ts')
const fragments = inFile('src/commands/input/ip-fragments.ts')

export const WIRE_MUTATIONS: readonly Mutation[] = [
  hidden(
    'a packet is not searched for hidden values of vendors',
    'mayHideWithin(bytes, at, at + bytes[at + 1]!)) return true',
    'mayHideWithin(bytes, at, at + bytes[at + 1]!)) return false',
  ),
  hidden(
    'only the first hidden value of a vendor attribute is moved',
    '      if (!rehideFound(bytes, at + header, end, found, move, tags) && tags !== undefined) return 0\n',
    '      if (!rehideFound(bytes, at + header, end, found, move, tags) && tags !== undefined) return 0\n      return to\n',
  ),
  hidden(
    'what a vendor sends in the clear is moved',
    'if (tags === undefined && (bytes[hiddenAt]! ^ oldPad[0]!) >= to - hiddenAt) return false',
    'if (tags !== undefined && (bytes[hiddenAt]! ^ oldPad[0]!) >= to - hiddenAt) return false',
  ),
  hidden(
    'the length of a hidden value may be one octet too large',
    '(bytes[hiddenAt]! ^ oldPad[0]!) >= to - hiddenAt',
    '(bytes[hiddenAt]! ^ oldPad[0]!) > to - hiddenAt',
  ),
  hidden(
    'a value over several attributes ends with the second one',
    'goesOn = (bytes[piece + header - 1]! & CONTINUES) !== 0',
    'goesOn = false',
  ),
  hidden('a value over several attributes is moved twice', 'return pieces.at(-1)!.to', 'return first.to'),
  hidden(
    'the secret stands before the authenticator in the third cipher too',
    'md5.begin().add(after.authenticator, 0, AUTHENTICATOR_LENGTH).add(after.secret.bytes)',
    'md5.begin().add(after.secret.bytes).add(after.authenticator, 0, AUTHENTICATOR_LENGTH)',
  ),
  hidden(
    'parts of an attribute stay hidden with the old secret',
    'if (found !== undefined) rehideFound(bytes, at + 2, end, found, move, undefined)',
    'if (found === undefined) rehideFound(bytes, at + 2, end, found!, move, undefined)',
  ),
  format(
    'a length that reaches behind the end adds up',
    'return length < header || at + length > to ? 0 : at + length',
    'return length < header ? 0 : at + length',
  ),
  format(
    'a Starent gateway that is set to one octet is not read',
    'return fits(bytes, from, to, RFC_FORMAT) ? RFC_FORMAT : format',
    'return format',
  ),
  fragments(
    'a datagram is complete without its last fragment',
    'if (inOrder.at(-1)?.isLast !== true) return undefined',
    'if (inOrder.length === 0) return undefined',
  ),
]
