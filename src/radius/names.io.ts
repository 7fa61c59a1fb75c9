/**
 * Numbers to names and back, for people: configuration, logs and `decode`. The packet path never comes here.
 *
 * The names are those of the `radius` package's dictionaries, of our own few vendor attributes and of any FreeRADIUS
 * dictionary file that is loaded. This is the only file of ours that calls that package: it throws on odd octets, so every
 * call is guarded, and what it can't name is shown by number. What stands in a packet is read from the packet itself.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import radius from 'radius'
import { formatAddress } from '../addresses.ts'
import { checkRequest } from './authenticator.ts'
import {
  ACCESS_REQUEST,
  ACCOUNTING_REQUEST,
  ARAP_PASSWORD,
  CHAP_PASSWORD,
  HEADER_LENGTH,
  STATUS_SERVER,
  USER_PASSWORD,
  VENDOR_SPECIFIC,
} from './codes.ts'
import type { RequestFault } from './faults.ts'
import { type PacketFault, readPacket } from './packet.ts'
import type { Secret } from './secret.ts'
import { VENDOR_DICTIONARY } from './vendor-dictionary.ts'

/** An attribute by number: `vendor` 0 is the standard space. */
interface Key {
  readonly vendor: number
  readonly type: number
}

/** Where `_attr_to` keeps what it knows. */
const TYPE = 2
const VALUE_NAMES = 3
const FLAGS = 5

/** What a dictionary says behind the type; `encrypt=1` and its like are keys here too. */
interface AttributeFlags {
  readonly has_tag?: boolean
}

const HIDDEN = '[hidden]'
const MAX_DICTIONARY_FILES = 500

/** Vendor names by number, for every vendor that a dictionary named. */
const vendors = new Map<number, string>()

radius.load_dictionaries()
for (const name of ['ADSL-Forum']) vendors.set(Number(radius.vendor_name_to_id(name)), name)
learn(VENDOR_DICTIONARY)

/**
 * Loads a FreeRADIUS dictionary file and what it includes. Answers undefined, or a sentence that says which file could not
 * be read; what was read before it stays loaded.
 */
export function loadDictionary(file: string): string | undefined {
  const waiting = [file]
  const seen = new Set<string>()
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (seen.has(next)) continue
    if (seen.size === MAX_DICTIONARY_FILES) return `${file} includes more than ${MAX_DICTIONARY_FILES} files`
    seen.add(next)
    try {
      const directory = dirname(next)
      waiting.push(...learn(readFileSync(next, 'latin1')).map((included) => join(directory, included)))
    } catch (error) {
      return `cannot load the dictionary ${next}: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  return undefined
}

/** Hands a dictionary's text to the package; answers the files that it includes. */
function learn(text: string): string[] {
  // The package reads a number only in decimal: of `0x10` it would take the 0.
  const decimal = text.replace(/\s0x([0-9a-f]+)\b/gi, (_, digits: string) => ` ${Number.parseInt(digits, 16)}`)
  for (const [, name, number] of decimal.matchAll(/^\s*VENDOR\s+(\S+)\s+(\d+)/gm)) vendors.set(Number(number), name!)
  return radius._load_dictionary(decimal)
}

/** `Accounting-Request`; `Code-99` where nobody knows it. */
export function codeName(code: number): string {
  try {
    const header = Buffer.alloc(HEADER_LENGTH)
    header[0] = code
    header[3] = HEADER_LENGTH
    return radius.decode_without_secret({ packet: header }).code
  } catch {
    return `Code-${code}`
  }
}

/**
 * The attribute of that name, as dictionaries write it (`Calling-Station-Id`, `3GPP-IMSI`); one without a name is
 * written `Attr-241` or, with its vendor, `Attr-26.10415.1`.
 */
export function attributeKey(name: string): Key | undefined {
  const byNumber = /^Attr-(?:26\.(\d{1,8})\.)?(\d{1,3})$/.exec(name)
  if (byNumber !== null) {
    const key = { vendor: Number(byNumber[1] ?? 0), type: Number(byNumber[2]) }
    return key.type >= 1 && key.type <= 255 ? key : undefined
  }
  // The package also takes a number for a name.
  if (/^\d+$/.test(name)) return undefined
  const standard = radius.attr_name_to_id(name)
  if (standard !== undefined) return { vendor: 0, type: Number(standard) }
  for (const vendor of vendors.keys()) {
    const type = radius.attr_name_to_id(name, vendor)
    if (type !== undefined) return { vendor, type: Number(type) }
  }
  return undefined
}

/** The name that `attributeKey` takes. */
export function attributeName(key: Key): string {
  const unnamed = key.vendor === 0 ? `Attr-${key.type}` : `Attr-26.${key.vendor}.${key.type}`
  return radius.attr_id_to_name(key.type, packageVendor(key)) ?? unnamed
}

/** All names known, in no particular order. */
export function attributeNames(): string[] {
  const names: string[] = []
  for (const vendor of [0, ...vendors.keys()]) {
    for (let type = 1; type <= 255; type += 1) {
      const name = radius.attr_id_to_name(type, packageVendor({ vendor, type }))
      if (name !== undefined) names.push(name)
    }
  }
  return names
}

/** Up to three known names that someone who wrote `name` may have meant, the likeliest first. */
export function nearAttributeNames(name: string): string[] {
  const limit = Math.max(2, Math.floor(name.length / 3))
  const wanted = name.toLowerCase()
  return attributeNames()
    .map((known) => ({ known, distance: editDistance(wanted, known.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ known }) => known)
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(substituted, previous[j]! + 1, row[j - 1]! + 1))
    }
    previous = row
  }
  return previous[b.length]!
}

export interface AttributeDescription {
  readonly name: string
  readonly vendor: number
  readonly type: number
  /** A tag of RFC 2868, where the attribute has one. */
  readonly tag?: number
  /** A number, text, an address, a date, or `0x...` where the octets are no such thing. */
  readonly value: string | number
}

export interface PacketDescription {
  readonly code: number
  readonly codeName: string
  readonly identifier: number
  /** Octets of the packet, and how many came behind it. */
  readonly length: number
  readonly padding: number
  /** 32 hexadecimal digits. */
  readonly authenticator: string
  /** Of a request, where a secret was given: does it verify, and what is wrong with it? */
  readonly check?: 'valid' | RequestFault
  readonly attributes: readonly AttributeDescription[]
}

export interface DescribeOptions {
  /** Verifies a request, and opens its User-Password where `showPasswords` says so too. */
  readonly secret?: Secret
  readonly showPasswords?: boolean
}

/** A packet for people, ready for JSON; or what is wrong with its lengths. Hidden values read `[hidden]`. */
export function describe(bytes: Uint8Array, options: DescribeOptions = {}): PacketDescription | { fault: PacketFault } {
  const packet = readPacket(bytes)
  if (typeof packet === 'string') return { fault: packet }
  const attributes: AttributeDescription[] = []
  for (let at = HEADER_LENGTH; at < packet.length; at += packet.bytes[at + 1]!) {
    const type = packet.bytes[at]!
    const value = packet.value(at)
    if (type === VENDOR_SPECIFIC) attributes.push(...describeVendor(value))
    else if (type === USER_PASSWORD && options.showPasswords === true && options.secret !== undefined)
      attributes.push({
        ...named({ vendor: 0, type }),
        value: openPassword(value, packet.authenticator, options.secret),
      })
    else attributes.push(describeAttribute({ vendor: 0, type }, value, options.showPasswords === true))
  }
  const isRequest = [ACCESS_REQUEST, ACCOUNTING_REQUEST, STATUS_SERVER].includes(packet.code)
  const trafficClass = packet.code === ACCOUNTING_REQUEST ? 'accounting' : 'authentication'
  return {
    code: packet.code,
    codeName: codeName(packet.code),
    identifier: packet.identifier,
    length: packet.length,
    padding: bytes.length - packet.length,
    authenticator: Buffer.from(packet.authenticator).toString('hex'),
    ...(isRequest && options.secret !== undefined
      ? { check: checkRequest(packet, trafficClass, options.secret) ?? ('valid' as const) }
      : {}),
    attributes,
  }
}

/** The sub-attributes of a Vendor-Specific value; the whole value where their lengths do not add up. */
function describeVendor(value: Uint8Array): AttributeDescription[] {
  const whole = [{ ...named({ vendor: 0, type: VENDOR_SPECIFIC }), value: hex(value) }]
  if (value.length < 6) return whole
  const vendor = Buffer.from(value).readUInt32BE(0)
  const found: AttributeDescription[] = []
  for (let at = 4; at < value.length; at += value[at + 1]!) {
    const size = value[at + 1] ?? 0
    if (size < 2 || at + size > value.length) return whole
    found.push(describeAttribute({ vendor, type: value[at]! }, value.subarray(at + 2, at + size), false))
  }
  return found
}

function describeAttribute(key: Key, value: Uint8Array, showDigests: boolean): AttributeDescription {
  const flags = radius._attr_to(key.type, packageVendor(key), FLAGS) as AttributeFlags | undefined
  const encrypted = Object.keys(flags ?? {}).some((flag) => flag.startsWith('encrypt='))
  const digest = key.vendor === 0 && (key.type === CHAP_PASSWORD || key.type === ARAP_PASSWORD)
  if (encrypted || (digest && !showDigests)) return { ...named(key), value: HIDDEN }
  // RFC 2868 section 3.1: a first octet up to 0x1f is a tag.
  const tag = flags?.has_tag === true && value.length > 0 && value[0]! <= 0x1f ? value[0]! : undefined
  const rest = tag === undefined ? value : value.subarray(1)
  return { ...named(key), ...(tag === undefined ? {} : { tag }), value: readValue(key, rest, tag !== undefined) }
}

function readValue(key: Key, value: Uint8Array, tagged: boolean): string | number {
  const type = String(radius._attr_to(key.type, packageVendor(key), TYPE) ?? 'octets').replace(/\[.*/, '')
  switch (type) {
    case 'string':
    case 'text':
      return readText(value)
    case 'ipaddr':
      return value.length === 4 ? formatAddress(value) : hex(value)
    case 'ipv6addr':
      return value.length === 16 ? formatAddress(value) : hex(value)
    case 'byte':
      return value.length === 1 ? numberName(key, value[0]!) : hex(value)
    case 'short':
      return value.length === 2 ? numberName(key, Buffer.from(value).readUInt16BE(0)) : hex(value)
    case 'integer':
    case 'time':
      // RFC 2868 section 3.1: a tag takes the first of a number's four octets.
      return value.length === (tagged ? 3 : 4)
        ? numberName(key, Buffer.from(value).readUIntBE(0, value.length))
        : hex(value)
    case 'date':
      return value.length === 4 ? new Date(Buffer.from(value).readUInt32BE(0) * 1_000).toISOString() : hex(value)
    default:
      return hex(value)
  }
}

/** `Start`, where the dictionary names the value; else the number. */
function numberName(key: Key, value: number): string | number {
  const names = radius._attr_to(key.type, packageVendor(key), VALUE_NAMES) as Record<string, string> | undefined
  return names?.[value] ?? value
}

/** Text, where the octets are UTF-8 that can be printed. */
function readText(value: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(value)
    return /\p{Cc}/u.test(text) ? hex(value) : text
  } catch {
    return hex(value)
  }
}

/** A User-Password in the clear, for someone who has the secret and asked for it; the package opens it. */
function openPassword(value: Uint8Array, authenticator: Uint8Array, secret: Secret): string {
  const header = Buffer.from([ACCESS_REQUEST, 0, 0, HEADER_LENGTH + 2 + value.length])
  const packet = Buffer.concat([header, authenticator, Buffer.from([USER_PASSWORD, value.length + 2]), value])
  try {
    const opened = radius.decode({ packet, secret: Buffer.from(secret.bytes) }).attributes['User-Password']
    return typeof opened === 'string' ? opened : HIDDEN
  } catch {
    return HIDDEN
  }
}

function named(key: Key): { name: string; vendor: number; type: number } {
  return { name: attributeName(key), vendor: key.vendor, type: key.type }
}

/** The package's word for "no vendor" is to leave it away. */
function packageVendor(key: Key): number | undefined {
  return key.vendor === 0 ? undefined : key.vendor
}

function hex(value: Uint8Array): string {
  return `0x${Buffer.from(value).toString('hex')}`
}
