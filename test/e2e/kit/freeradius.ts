/**
 * A real FreeRADIUS on loopback, in the foreground, one per test: start, stop, kill, start again on the same ports.
 *
 * What it recorded is read from its detail file, which is the proof that matters for accounting: a record is
 * delivered when it stands there, not when somebody says so.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from './child.ts'
import { peerPath } from './peers.ts'
import { freePort } from './ports.ts'
import { writeRaddb } from './raddb.ts'

export interface FreeradiusOptions {
  readonly secret?: string
  readonly requireMessageAuthenticator?: 'yes' | 'no'
  /** More entries of the users file, and a dictionary beside the machine's own. */
  readonly users?: string
  readonly dictionary?: string
}

/** One record of a detail file: attribute name to its values, in order. */
export type DetailRecord = ReadonlyMap<string, readonly string[]>

export class Freeradius {
  readonly folder: string
  readonly secret: string
  readonly authPort: number
  readonly acctPort: number
  #child: Child | undefined

  private constructor(folder: string, secret: string, authPort: number, acctPort: number) {
    this.folder = folder
    this.secret = secret
    this.authPort = authPort
    this.acctPort = acctPort
  }

  /** Writes a configuration and starts the server; resolves when it takes packets. */
  static async start(options: FreeradiusOptions = {}): Promise<Freeradius> {
    const folder = mkdtempSync(join(tmpdir(), 'radsluice-raddb-'))
    const secret = options.secret ?? 'between-proxy-and-server'
    const server = new Freeradius(folder, secret, await freePort(), await freePort())
    writeRaddb(folder, {
      authPort: server.authPort,
      acctPort: server.acctPort,
      secret,
      requireMessageAuthenticator: options.requireMessageAuthenticator ?? 'no',
      users: options.users ?? '',
      dictionary: options.dictionary ?? '',
    })
    await server.start()
    return server
  }

  async start(): Promise<void> {
    if (this.isRunning) return
    this.#child = new Child(peerPath('freeradius'), ['-f', '-l', 'stdout', '-d', this.folder])
    await this.#child.says(/Ready to process requests/)
  }

  get isRunning(): boolean {
    return this.#child?.isRunning ?? false
  }
  /** Its log so far, of the present run. */
  get log(): string {
    return this.#child?.output ?? ''
  }

  /** Dies at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    await this.#child?.stop('SIGKILL')
  }

  /** Holds still without dying: packets are taken in by the kernel and not answered until `resume`. */
  pause(): void {
    this.#child?.signal('SIGSTOP')
  }
  resume(): void {
    this.#child?.signal('SIGCONT')
  }

  /** Ends it and removes its folder. */
  async close(): Promise<void> {
    if (this.isRunning) {
      this.resume()
      await this.#child?.stop('SIGTERM').catch(() => this.kill())
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** All accounting records written so far. */
  records(): DetailRecord[] {
    const file = join(this.folder, 'log', 'detail')
    return existsSync(file) ? parseDetail(readFileSync(file, 'utf8')) : []
  }

  /** The Acct-Session-Ids on record, each with how many records it has. */
  sessions(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const record of this.records()) {
      const session = record.get('Acct-Session-Id')?.[0] ?? ''
      counts.set(session, (counts.get(session) ?? 0) + 1)
    }
    return counts
  }
}

/**
 * Detail format: a heading line at the margin, then one tab-indented `Name = value` a line, then an empty line. A
 * record that was cut off by a kill has no empty line after it, and is left out.
 */
export const parseDetail = (text: string): DetailRecord[] => {
  const records: DetailRecord[] = []
  let values = new Map<string, string[]>()
  for (const line of text.split('\n').slice(0, -1)) {
    const [, name, value] = /^\t([\w.-]+(?::\d+)?) = (.*)$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) {
      const plain = value.replace(/^"(.*)"$/, '$1')
      values.set(name, [...(values.get(name) ?? []), plain])
    } else if (line === '') {
      if (values.size > 0) records.push(values)
      values = new Map()
    }
  }
  return records
}
