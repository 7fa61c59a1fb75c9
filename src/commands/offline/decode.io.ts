/**
 * `radsluice decode`: a RADIUS packet as text, from hex (as in a log line at level debug) or from a capture file.
 *
 * Below an accounting record are its counters in 64 bits. Passwords stay hidden unless a secret is given and they are asked for.
 * Exit 1 if something was no RADIUS packet.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { codedError } from '../../coded-error.ts'
import { type DescribeOptions, describe } from '../../radius/names/describe.io.ts'
import { loadDictionary } from '../../radius/names/names.io.ts'
import { Secret } from '../../radius/secret.ts'
import { type CapturedDatagram, readCapture } from '../input/capture.ts'
import { readSecretText } from '../input/secret.io.ts'
import { flag, JSON_OPTION, numberOption, textOption, verb } from '../input/verb.ts'
import { say, writeResult } from '../terminal/output.io.ts'
import { packetText } from '../text/packet-text.ts'
import { describeRecord, type RecordDescription, recordLines } from '../text/record-text.ts'

const LARGEST_CAPTURE = 1024 ** 3
/** What the parser of the command line makes of "-". */
const STANDARD_INPUT = ''
const USUAL_PORTS = [1812, 1813, 1645, 1646, 3799]

export const decode = verb({
  examples: [
    ['decode 0c01002608...', 'hex, as the log shows it at level debug'],
    ['decode capture.pcap --port 11812 --json', 'all RADIUS packets of a capture, for a program'],
  ],
  positionals: {
    packet: {
      type: 'string',
      default: STANDARD_INPUT,
      describe: 'Hex digits, or a capture file. Without it, or with "-", hex is read from standard input.',
    },
  },
  options: {
    dictionary: { ...textOption('A FreeRADIUS dictionary file to load.'), array: true },
    port: { ...numberOption('UDP ports that carry RADIUS in a capture.'), within: [1, 65_535], array: true },
    'secret-file': textOption('Verify requests with the secret in this file.'),
    'secret-env': textOption('The same from the environment.'),
    'show-passwords': flag('With a secret: show User-Password in clear text.'),
    json: JSON_OPTION,
  },
  run: async (o) => {
    for (const file of o.dictionary ?? []) {
      const problem = loadDictionary(file)
      if (problem !== undefined) throw codedError('FILE_UNREADABLE', problem)
    }
    const hasSecret = o['secret-file'] !== undefined || o['secret-env'] !== undefined
    const options: DescribeOptions = {
      showPasswords: o['show-passwords'],
      ...(hasSecret
        ? { secret: new Secret(readSecretText('secret', { file: o['secret-file'], env: o['secret-env'] })) }
        : {}),
    }
    const ports = [...USUAL_PORTS, ...(o.port ?? [])]
    const { datagrams, fragments } = datagramsOf(o.packet, ports)
    const found = datagrams.map((one) => ({
      ...one,
      packet: describe(one.bytes, options),
      record: describeRecord(one.bytes),
    }))
    const values = found.map(({ from, to, packet, record }) => ({ from, to, ...packet, record }))
    writeResult(o.json, values, () => found.flatMap(linesOf))
    if (fragments > 0) say(fragmentsText(fragments))
    if (found.length === 0) say('no RADIUS packets there; name their ports with --port')
    return found.length > 0 && found.every(({ packet }) => !('fault' in packet)) ? 0 : 1
  },
})

type Datagram = Omit<CapturedDatagram, 'from' | 'to'> & { readonly from?: string; readonly to?: string }

type Described = Datagram & { packet: ReturnType<typeof describe>; record: RecordDescription | undefined }

function linesOf({ from, to, packet, record }: Described): string[] {
  const ends = from === undefined ? '' : `${from} -> ${to}  `
  const [first, ...others] = 'fault' in packet ? [`no RADIUS packet: ${packet.fault}`] : packetText(packet)
  return [`${ends}${first}`, ...others, ...(record === undefined ? [] : recordLines(record))]
}

function datagramsOf(text: string, ports: readonly number[]): { datagrams: Datagram[]; fragments: number } {
  const alone = (bytes: Uint8Array) => ({ datagrams: [{ bytes }], fragments: 0 })
  if (text === STANDARD_INPUT || !existsSync(text)) {
    return alone(hexOctets(text === STANDARD_INPUT ? readFileSync(0, 'latin1') : text))
  }
  const captured = readCapture(readCaptureFile(text))
  if (!captured) return alone(hexOctets(readFileSync(text, 'latin1')))
  const isOurs = (endpoint: string): boolean => ports.some((port) => endpoint.endsWith(`:${port}`))
  return { ...captured, datagrams: captured.datagrams.filter(({ from, to }) => isOurs(from) || isOurs(to)) }
}

const fragmentsText = (count: number): string =>
  count === 1
    ? '1 fragment of an IP datagram is not shown, since the others of its datagram are not in the capture'
    : `${count} fragments of IP datagrams are not shown, since the others of their datagrams are not in the capture`

function readCaptureFile(file: string): Uint8Array {
  try {
    const { size } = statSync(file)
    if (size > LARGEST_CAPTURE) throw new Error(`it has ${size} octets, more than 1 GiB`)
    return readFileSync(file)
  } catch (error) {
    throw codedError('FILE_UNREADABLE', `can't read ${file}: ${(error as Error).message}`, error)
  }
}

/** Hex digits with or without blanks, colons and a `0x` before them. */
function hexOctets(text: string): Uint8Array {
  const digits = text.replace(/^\s*0x/i, '').replace(/[\s:]/g, '')
  if (digits === '' || digits.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(digits)) {
    const quote = text.length > 40 ? `${text.slice(0, 40)}...` : text
    throw codedError('USAGE', `"${quote.trim()}" is no file and no hex; write an even number of hex digits`)
  }
  return Buffer.from(digits, 'hex')
}
