/**
 * The notation of FreeRADIUS dictionaries, read: vendors with their format, attributes with their flags, names of values.
 *
 *     VENDOR     name number [format=octets of type, octets of length[,c]]
 *     ATTRIBUTE  name number[.number...] type [flags]       between BEGIN-VENDOR and END-VENDOR: the vendor's
 *     VALUE      attribute name number
 *     $INCLUDE   file
 *
 * Versions 3 and 4 are read, also `.2` for a part of the attribute before it. Other lines are ignored, and so is a
 * vendor's part in the extended space (RFC 6929). Nothing here throws.
 */

/** How a vendor writes its sub-attributes: octets of the type, octets of the length, and whether a flag octet follows. */
export interface VendorFormat {
  readonly typeOctets: 1 | 2 | 4
  /** 0: the value goes on to the end of the Vendor-Specific attribute. */
  readonly lengthOctets: 0 | 1 | 2
  /** The top bit of a third octet says that the value goes on in the next attribute (WiMAX). */
  readonly continues: boolean
}

interface DictionaryVendor {
  readonly name: string
  readonly number: number
  readonly format: VendorFormat
}

export interface DictionaryAttribute {
  readonly name: string
  /** 0: the standard space. */
  readonly vendor: number
  /** Its type, and the types within it that lead to a part of it. */
  readonly path: readonly number[]
  /** `string`, `ipaddr`, ... in small letters, without a length in brackets. */
  readonly type: string
  readonly flags: readonly string[]
}

interface DictionaryValue {
  readonly vendor: number
  readonly attribute: string
  readonly name: string
  readonly number: number
}

export interface Dictionary {
  readonly vendors: readonly DictionaryVendor[]
  readonly attributes: readonly DictionaryAttribute[]
  readonly values: readonly DictionaryValue[]
  readonly includes: readonly string[]
}

/** RFC 2865 section 5.26. */
export const RFC_FORMAT: VendorFormat = { typeOctets: 1, lengthOctets: 1, continues: false }

/** `known`: vendors of other files, which this file may use. */
export function parseDictionary(text: string, known: ReadonlyMap<string, number> = new Map()): Dictionary {
  const vendors: DictionaryVendor[] = []
  const attributes: DictionaryAttribute[] = []
  const values: DictionaryValue[] = []
  const includes: string[] = []
  const numbers = new Map(known)
  // Undefined: within a vendor that is not known, or in a space that is not read.
  let vendor: number | undefined = 0
  let before: readonly number[] = []
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.replace(/#.*/, '').trim().split(/\s+/)
    const [first = '', second = '', third = '', ...flags] = rest
    switch (word) {
      case 'VENDOR':
        if (numberOf(second) === undefined) break
        vendors.push({ name: first, number: numberOf(second)!, format: formatIn(third) })
        numbers.set(first, numberOf(second)!)
        break
      case 'BEGIN-VENDOR':
        vendor = second === '' ? numbers.get(first) : undefined
        break
      case 'END-VENDOR':
        vendor = 0
        break
      case 'ATTRIBUTE': {
        const path = pathOf(second, before)
        if (path === undefined || third === '') break
        before = path
        if (vendor === undefined) break
        const type = third.toLowerCase().replace(/\[.*/, '')
        attributes.push({ name: first, vendor, path, type, flags: flags.join('').split(',').filter(Boolean) })
        break
      }
      case 'VALUE':
        if (vendor === undefined || numberOf(third) === undefined) break
        values.push({ vendor, attribute: first, name: second, number: numberOf(third)! })
        break
      case '$INCLUDE':
        if (first !== '') includes.push(first)
    }
  }
  return { vendors, attributes, values, includes }
}

/** `encrypt=2`, or `encrypt=Tunnel-Password` as version 4 has it: the cipher's number. */
export function cipherIn(flags: readonly string[]): 1 | 2 | 3 | undefined {
  for (const flag of flags) {
    if (/^encrypt=(1|User-Password)$/i.test(flag)) return 1
    if (/^encrypt=(2|Tunnel-Password)$/i.test(flag)) return 2
    if (/^encrypt=(3|Ascend-Secret)$/i.test(flag)) return 3
  }
  return undefined
}

const numberOf = (text: string): number | undefined =>
  /^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) : undefined

/** `26`, `86.3`, or `.2`, which begins where the attribute before it does. */
function pathOf(text: string, before: readonly number[]): number[] | undefined {
  const dots = /^\.*/.exec(text)![0].length
  const own = text.slice(dots).split('.').map(numberOf)
  if (own.includes(undefined) || before.length < dots) return undefined
  return [...before.slice(0, dots), ...(own as number[])]
}

function formatIn(flag: string): VendorFormat {
  const [, type, length, c] = /^format=([124]),([012])(,c)?$/.exec(flag) ?? []
  if (type === undefined) return RFC_FORMAT
  return {
    typeOctets: Number(type) as VendorFormat['typeOctets'],
    lengthOctets: Number(length) as VendorFormat['lengthOctets'],
    continues: c !== undefined,
  }
}
