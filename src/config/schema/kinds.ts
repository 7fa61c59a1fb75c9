/**
 * The kinds of values of a configuration beyond numbers and words: durations, sizes, addresses, networks, listeners, port
 * ranges, names. A kind is a zod type. It reads the text of an operator and gives the value that the core takes
 * (microseconds, octets, the normal text of an address).
 *
 * Each refuses with a sentence that says what was found and what to write. `x-kind`, `x-range` and `x-restart` go into the
 * JSON Schema for the reference page. Editors ignore them.
 */
import { z } from 'zod'
import {
  type Endpoint,
  formatAddress,
  formatPrefix,
  isLinkLocal,
  parseAddress,
  parsePrefix,
  zoneOf,
} from '../../addresses.ts'
import { type Duration, micros } from '../../units.ts'
import { quoted } from '../source/problem.ts'

/** First and last port, inclusive. */
export type PortRange = readonly [first: number, last: number]

/** What each unit of a kind is worth, the smallest first: in microseconds, octets, bits per second. */
export const UNITS = {
  duration: { us: 1, ms: 1_000, s: 1_000_000, m: 60_000_000, h: 3_600_000_000 },
  size: { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
  'bit rate': { 'Mbit/s': 1e6, 'Gbit/s': 1e9 },
} as const

interface Range {
  readonly least: string
  readonly most: string
}

const PORT_RANGE = /^([1-9]\d{0,4})-([1-9]\d{0,4})$/
const LISTENER = /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([0-9.]+)):([1-9]\d{0,4})$/
export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const LAST_PORT = 65_535

/** `250us`, `50ms`, `3s`, `10m`, `1h`: integer microseconds within the range. A bare number is refused. */
export const duration = (range: Range, remedy = 'write a whole number and a unit (us, ms, s, m, h), as 3s or 250ms') =>
  measured('duration', range, remedy).transform((value): Duration => micros(value))

/** The same, or a word in its place. */
export const durationOr = <const Word extends string>(range: Range, word: Word) => {
  const advice = `write ${word}, or a whole number and a unit (us, ms, s, m, h), as 3s or 250ms`
  const ofTime = measured('duration', range, advice)
  const forms = { anyOf: [{ type: 'string', pattern: patternOf('duration').source }, { const: word }] }
  return z
    .string()
    .or(z.unknown())
    .transform((value, ctx): Duration | Word => {
      if (value === word) return word
      const { data, error } = ofTime.safeParse(value)
      return data === undefined ? refuse(ctx, error?.issues[0]?.message ?? '') : micros(data)
    })
    .meta({ ...forms, 'x-kind': 'duration', 'x-range': `${range.least} to ${range.most}, or \`${word}\`` })
}

/** `32MiB`, `256KiB`, `1GiB`: octets within the range. */
export const size = (range: Range) =>
  measured('size', range, 'write a whole number and a binary unit (B, KiB, MiB, GiB), as 32MiB')

/** `100Mbit/s`, `10Gbit/s`: bits per second within the range. */
export const bitRate = (range: Range) =>
  measured('bit rate', range, 'write a whole number and a unit (Mbit/s, Gbit/s), as 10Gbit/s')

/** An IP address of either family, as text in its normal form; a zone is kept. Names are not resolved. */
export const address = () => {
  const error = no('IP address; names are not resolved, so write 192.0.2.10 or "2001:db8::10"')
  return z
    .string({ error })
    .transform((text, ctx): string => {
      const octets = parseAddress(text)
      if (octets === undefined || !isZone(zoneOf(text))) return refuse(ctx, error({ input: text }))
      const fault = zoneFault(octets, text) ?? missingZone(octets, text)
      return fault === undefined ? formatAddress(octets) + zoneOf(text) : refuse(ctx, fault)
    })
    .meta({ 'x-kind': 'IP address' })
}

/** A network of either family in its normal form, always with the length: `192.0.2.1` is `192.0.2.1/32`. */
export const network = () => {
  const error = no('IP address or network; write 192.0.2.1, 192.0.2.0/24 or "2001:db8::/32"')
  return z
    .string({ error })
    .transform((text, ctx): string => {
      const prefix = parsePrefix(text)
      if (prefix === undefined || !isZone(prefix.zone ?? '')) return refuse(ctx, error({ input: text }))
      const fault = zoneFault(prefix.bytes, text)
      return fault === undefined ? formatPrefix(prefix) : refuse(ctx, fault)
    })
    .meta({ 'x-kind': 'IP address or network' })
}

/** `0.0.0.0:1812`, `[::1]:1812`: a UDP or TCP address to listen at. */
export const listener = () => {
  const error = no('IP address with a port; write it in quotes, as "0.0.0.0:1812" or "[::1]:1812"')
  return z
    .string({ error })
    .regex(LISTENER, { error, abort: true })
    .transform((text, ctx): Endpoint => {
      const [, ipv6, ipv4, port] = LISTENER.exec(text) ?? []
      const octets = parseAddress(ipv6 ?? ipv4 ?? '')
      if (octets === undefined || Number(port) > LAST_PORT) return refuse(ctx, error({ input: text }))
      const fault = zoneFault(octets, ipv6 ?? '') ?? missingZone(octets, ipv6 ?? '')
      if (fault !== undefined) return refuse(ctx, fault)
      return { address: formatAddress(octets) + zoneOf(ipv6 ?? ''), port: Number(port) }
    })
    .meta({ 'x-kind': 'IP address and port' })
}

/** `20000-20099`, first and last included. */
export const portRange = () => {
  const error = no('port range; write the first and the last port, as 20000-20099')
  return z
    .string({ error })
    .regex(PORT_RANGE, { error, abort: true })
    .transform((text, ctx): PortRange => {
      const [, first, last] = PORT_RANGE.exec(text) ?? []
      const range: PortRange = [Number(first), Number(last)]
      if (range[1] > LAST_PORT) return refuse(ctx, `${text} goes beyond port ${LAST_PORT}; write a lower last port`)
      if (range[1] < range[0]) return refuse(ctx, `${text} ends before it begins; write the lower port first`)
      return range
    })
    .meta({ 'x-kind': 'port range' })
}

/** A name of ours: it becomes a metric label and a word in log lines. */
export const name = () => {
  const error = no('name; write 1-63 letters, digits, dots, dashes or underscores, as fr-1')
  return z.string({ error }).regex(NAME, { error }).meta({ 'x-kind': 'name' })
}

export const directory = () =>
  z
    .string({ error: no('directory; write its path, as /var/log/radsluice') })
    .min(1)
    .meta({ 'x-kind': 'directory' })

export const keepDays = () =>
  whole(1, 3_650).describe("The files of this many days are kept, today's included.").meta(NEEDS_RESTART).default(14)

/** Of a setting whose change holds only after a restart. */
export const NEEDS_RESTART = { 'x-restart': true } as const

/** An address to send something to over HTTP. */
export const url = () => {
  const error = no('address of a web page; write http://127.0.0.1:9093/api/v2/alerts, say, without user and password')
  return z.string({ error }).refine(isPlainUrl, { error }).meta({ 'x-kind': 'http or https address' })
}

/** Text that is not empty. */
export const text = () => z.string().min(1)

export const flag = () => z.boolean()

export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) => z.enum(words)

export const whole = (least: number, most: number) => z.int().min(least).max(most)

export const wholeOr = <const Word extends string>(least: number, most: number, word: Word) =>
  z
    .union([whole(least, most), z.literal(word)])
    .meta({ 'x-kind': `whole number from ${least} to ${most}, or \`${word}\`` })

/** A mapping with these keys and no others. */
export const mapping = <Keys extends z.core.$ZodShape>(meaning: string, keys: Keys) =>
  z.strictObject(keys).describe(meaning)

export const orFalse = <T extends z.ZodType>(type: T) => z.union([z.literal(false), type])

/** A UDP port, 1-65535. */
export const port = () => whole(1, LAST_PORT)

/** A whole number with a unit, in the unit's own base (1 us, 1 B). */
function measured(kind: keyof typeof UNITS, { least, most }: Range, advice: string) {
  const units: Readonly<Record<string, number>> = UNITS[kind]
  const pattern = patternOf(kind)
  const error = no(`${kind}; ${advice}`)
  const measure = (text: string): number => {
    const [, digits, unit = ''] = pattern.exec(text) ?? []
    return Number(digits) * (units[unit] ?? Number.NaN)
  }
  return z
    .string({ error })
    .regex(pattern, { error, abort: true })
    .transform((text, ctx): number => {
      const value = measure(text)
      if (value >= measure(least) && value <= measure(most)) return value
      return refuse(ctx, `${text} is out of range; write ${least} to ${most}`)
    })
    .meta({ 'x-kind': kind, 'x-range': `${least} to ${most}` })
}

const patternOf = (kind: keyof typeof UNITS): RegExp =>
  new RegExp(`^(0|[1-9]\\d*)(${Object.keys(UNITS[kind]).join('|')})$`)

function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return /^https?:$/.test(protocol) && username === '' && password === ''
}

/** A zone is the name of an interface. Sockets report names, so a number would match nothing. */
const isZone = (zone: string): boolean => zone === '' || /^%(?!\d+$)[\w.-]+$/.test(zone)

function zoneFault(octets: Uint8Array, text: string): string | undefined {
  const zone = zoneOf(text).replace(/\/.*$/, '')
  if (zone === '' || isLinkLocal(octets)) return undefined
  return `${text}: only a link-local address (fe80::/10) belongs to one interface; leave ${zone} away`
}

/** A socket can't be opened without it. */
const missingZone = (octets: Uint8Array, text: string): string | undefined =>
  isLinkLocal(octets) && zoneOf(text) === ''
    ? `${text} is a link-local address, which every interface may have; add the interface, as ${text}%eth0`
    : undefined

/** `50 is no duration; write ...`: the sentence about a value that is not of this kind. */
const no =
  (kindAndAdvice: string) =>
  ({ input }: { readonly input?: unknown }): string =>
    `${quoted(input)} is no ${kindAndAdvice}`

/** A transformation returns this; a refinement has only the effect. */
export function refuse(ctx: z.RefinementCtx, message: string): never {
  ctx.addIssue({ code: 'custom', message })
  return z.NEVER
}
