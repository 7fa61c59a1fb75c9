/**
 * Numbers to names and back, for people: configuration, logs and `decode`. The packet path does not use it.
 *
 * The names come from the `radius` package's dictionaries, our few vendor attributes and every FreeRADIUS dictionary file
 * that is loaded. Only this file calls that package. It throws on odd octets, so every call is guarded, and what it does not
 * know is shown by number. The values of a packet are read from the packet itself.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import radius from 'radius'
import { ACCESS_REQUEST, HEADER_LENGTH, USER_PASSWORD } from '../../codes.ts'
import { similarWords } from '../../did-you-mean.ts'
import type { AttributeKey } from '../packet.ts'
import type { Secret } from '../secret.ts'
import {
  cipherIn,
  type DictionaryAttribute,
  parseDictionary,
  RFC_FORMAT,
  type VendorFormat,
} from '../vendors/dictionary.ts'
import { HIDDEN_DICTIONARY } from '../vendors/hidden-dictionary.ts'
import { VENDOR_DICTIONARY } from '../vendors/vendor-dictionary.ts'
import { fits, formatOf, formatWithin } from '../vendors/vendor-format.ts'

/** Where `_attr_to` keeps what it knows. */
const TYPE = 2
const VALUE_NAMES = 3
const FLAGS = 5

const MAX_DICTIONARY_FILES = 500

/** Vendor numbers by name, for every vendor that a dictionary named. */
const vendors = new Map<string, number>()
/** Formats that a dictionary names. */
const formats = new Map<number, VendorFormat>()
/** Parts of attributes by vendor and path: the package has no room for them. */
const parts = new Map<string, DictionaryAttribute>()
/** Attributes whose type takes more than one octet. */
const wide: AttributeKey[] = []

let isReady = false

/** Loads the dictionaries when a name is first asked for: most commands and configurations never need one. */
function prepare(): void {
  if (isReady) return
  isReady = true
  radius.load_dictionaries()
  for (const name of ['ADSL-Forum']) vendors.set(name, Number(radius.vendor_name_to_id(name)))
  learn(HIDDEN_DICTIONARY)
  learn(VENDOR_DICTIONARY)
}

/**
 * Loads a FreeRADIUS dictionary file and what it includes. Returns undefined, or a sentence that names the file that could
 * not be read; the files before it stay loaded.
 */
export function loadDictionary(file: string): string | undefined {
  prepare()
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

/** Gives a dictionary's text to the package; returns the files that it includes. */
function learn(text: string): string[] {
  const { vendors: named, attributes, values, includes } = parseDictionary(text, vendors)
  for (const { name, number, format } of named) {
    vendors.set(name, number)
    if (format !== RFC_FORMAT) formats.set(number, format)
  }
  for (const one of attributes) {
    if (one.path.length > 1) parts.set(partKey(one.vendor, one.path), one)
    else if (one.path[0]! > 255) wide.push({ vendor: one.vendor, type: one.path[0]! })
  }
  // The package reads only decimal numbers (0 of `0x10`), and takes the 3 of `3GPP-RAT-Type` for a vendor. So such lines get
  // a decimal number, and their vendor.
  const decimal = text
    .replace(/\s0x([0-9a-f]+)\b/gi, (_, digits: string) => ` ${Number.parseInt(digits, 16)}`)
    .replace(/^\s*VALUE\s+\d.*$/gm, '')
  const rest = values
    .filter(({ vendor, attribute }) => vendor !== 0 && /^\d/.test(attribute))
    .map(({ vendor, attribute, name, number }) => `\nVALUE ${vendor} ${attribute} ${name} ${number}`)
  radius._load_dictionary(decimal + rest.join(''))
  return [...includes]
}

const partKey = (vendor: number, path: readonly number[]): string => [vendor, ...path].join('.')

/** The format of a vendor's sub-attributes in `bytes`. */
export function formatFor(vendor: number, bytes: Uint8Array): VendorFormat {
  prepare()
  const format = formats.get(vendor)
  if (format !== undefined && fits(bytes, 0, bytes.length, format)) return format
  return formatWithin(bytes, 0, bytes.length, vendor)
}

/** What the dictionaries say of an attribute, or of a part of one. */
export interface KnownAttribute {
  readonly name: string
  /** `octets` where nobody knows it. */
  readonly type: string
  readonly hasTag: boolean
  /** With the shared secret. */
  readonly isHidden: boolean
  readonly valueNames: Readonly<Record<string, string>>
}

/** `path` is a type, or a type and the types within it. */
export function knownAttribute(vendor: number, path: readonly number[]): KnownAttribute {
  prepare()
  const [type, ...within] = path as [number, ...number[]]
  const part = within.length === 0 ? undefined : parts.get(partKey(vendor, path))
  const sought = within.length === 0 ? type : part?.name
  const ask = (field: number): unknown =>
    sought === undefined ? undefined : radius._attr_to(sought, packageVendor(vendor), field)
  const flags = part?.flags ?? Object.keys((ask(FLAGS) as object | undefined) ?? {})
  return {
    name: part?.name ?? (within.length === 0 ? attributeName({ vendor, type }) : numbered(vendor, path)),
    type: part?.type ?? String(ask(TYPE) ?? 'octets').replace(/\[.*/, ''),
    hasTag: flags.includes('has_tag'),
    isHidden: cipherIn(flags) !== undefined,
    valueNames: (ask(VALUE_NAMES) as Record<string, string> | undefined) ?? {},
  }
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

/** The attribute of that name (`Calling-Station-Id`, `3GPP-IMSI`), or by number: `Attr-241`, `Attr-26.10415.1`. */
export function attributeKey(name: string): AttributeKey | undefined {
  prepare()
  const byNumber = /^Attr-(?:26\.(\d{1,8})\.)?(\d{1,10})$/.exec(name)
  if (byNumber !== null) {
    const key = { vendor: Number(byNumber[1] ?? 0), type: Number(byNumber[2]) }
    return key.type >= 1 && key.type < 256 ** formatOf(key.vendor).typeOctets ? key : undefined
  }
  // The package also takes a number for a name.
  if (/^\d+$/.test(name)) return undefined
  const standard = radius.attr_name_to_id(name)
  if (standard !== undefined) return { vendor: 0, type: Number(standard) }
  for (const vendor of vendors.values()) {
    const type = radius.attr_name_to_id(name, vendor)
    if (type !== undefined) return { vendor, type: Number(type) }
  }
  return undefined
}

/** The name that `attributeKey` takes. */
export function attributeName(key: AttributeKey): string {
  prepare()
  return radius.attr_id_to_name(key.type, packageVendor(key.vendor)) ?? numbered(key.vendor, [key.type])
}

const numbered = (vendor: number, path: readonly number[]): string =>
  `Attr-${vendor === 0 ? '' : `26.${vendor}.`}${path.join('.')}`

/** All names known, in no particular order. */
export function attributeNames(): string[] {
  prepare()
  const narrow = [0, ...new Set(vendors.values())].flatMap((vendor) =>
    Array.from({ length: 255 }, (_, i): AttributeKey => ({ vendor, type: i + 1 })),
  )
  return [...narrow, ...wide]
    .map(({ vendor, type }) => radius.attr_id_to_name(type, packageVendor(vendor)))
    .filter((name) => name !== undefined)
}

/** Up to three known names that someone who wrote `name` may have meant, the likeliest first. */
export const similarAttributeNames = (name: string): string[] => similarWords(name, attributeNames())

/** A User-Password in plain text, for someone who has the secret and asked for it; undefined if it cannot be opened. */
export function openPassword(value: Uint8Array, authenticator: Uint8Array, secret: Secret): string | undefined {
  prepare()
  const header = Buffer.from([ACCESS_REQUEST, 0, 0, HEADER_LENGTH + 2 + value.length])
  const packet = Buffer.concat([header, authenticator, Buffer.from([USER_PASSWORD, value.length + 2]), value])
  try {
    const opened = radius.decode({ packet, secret: Buffer.from(secret.bytes) }).attributes['User-Password']
    return typeof opened === 'string' ? opened : undefined
  } catch {
    return undefined
  }
}

/** The package takes undefined for "no vendor". */
const packageVendor = (vendor: number): number | undefined => (vendor === 0 ? undefined : vendor)
