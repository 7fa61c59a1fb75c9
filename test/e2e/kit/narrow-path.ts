/**
 * Three network namespaces in a row, for one test: radsluice's, a router's, and the far side with clients and servers.
 * The link behind the router is narrower than the one before it.
 *
 *     near  192.0.2.1 ------ 1500 ------ router ------ 1400 ------ far  198.51.100.1, 198.51.100.5
 *     2001:db8:1::1                                              2001:db8:2::1, 2001:db8:2::5
 *
 * The far side has an address for its client and one for its server, since a kernel learns what a path bears for each.
 */
import { spawnSync } from 'node:child_process'

export const NEAR = { 4: '192.0.2.1', 6: '2001:db8:1::1' } as const
export const FAR_CLIENT = { 4: '198.51.100.1', 6: '2001:db8:2::1' } as const
export const FAR_SERVER = { 4: '198.51.100.5', 6: '2001:db8:2::5' } as const

const ip = (...words: string[]): boolean => spawnSync('ip', words).status === 0
/** May this process make network namespaces? */
export const canMakeNamespaces = ((): boolean => {
  const name = `radsluice-${process.pid}-try`
  return ip('netns', 'add', name) && ip('netns', 'delete', name)
})()

export interface PathOptions {
  /** The router's ICMP errors reach nobody. */
  readonly filtered: boolean
  /** Settings of the near side's kernel, as `sysctl -w` takes them. */
  readonly sysctl: readonly string[]
  /** What is said of the near side's routes, as `mtu lock 1400`. */
  readonly route?: string
}

export class NarrowPath {
  readonly #names: readonly [near: string, router: string, far: string]

  constructor(options: PathOptions) {
    const name = `radsluice-${process.pid}`
    this.#names = [`${name}-near`, `${name}-router`, `${name}-far`]
    const [near, router, far] = this.#names
    const must = (...words: string[]): void => {
      const { status, stderr } = spawnSync('ip', words, { encoding: 'utf8' })
      if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr}`)
    }
    for (const one of this.#names) must('netns', 'add', one)
    // Link-local addresses that are still looked for twice would cost the first datagram.
    for (const one of this.#names) {
      for (const which of ['all', 'default']) this.#set(one, `net.ipv6.conf.${which}.accept_dad=0`)
    }
    for (const one of this.#names) must('-n', one, 'link', 'set', 'lo', 'up')
    must('link', 'add', 'wide', 'netns', near, 'type', 'veth', 'peer', 'name', 'wide', 'netns', router)
    must('link', 'add', 'narrow', 'netns', router, 'type', 'veth', 'peer', 'name', 'narrow', 'netns', far)
    for (const one of [router, far]) must('-n', one, 'link', 'set', 'narrow', 'mtu', '1400')
    const addresses: [string, string, ...string[]][] = [
      [near, 'wide', `${NEAR[4]}/24`, `${NEAR[6]}/64`],
      [router, 'wide', '192.0.2.2/24', '2001:db8:1::2/64'],
      [router, 'narrow', '198.51.100.2/24', '2001:db8:2::2/64'],
      [far, 'narrow', `${FAR_CLIENT[4]}/24`, `${FAR_SERVER[4]}/24`, `${FAR_CLIENT[6]}/64`, `${FAR_SERVER[6]}/64`],
    ]
    for (const [one, link, ...own] of addresses) {
      for (const address of own) must('-n', one, 'address', 'add', address, 'dev', link, ...noDetection(address))
      must('-n', one, 'link', 'set', link, 'up')
    }
    const said = options.route?.split(' ') ?? []
    must('-n', near, 'route', 'add', 'default', 'via', '192.0.2.2', ...said)
    must('-n', near, '-6', 'route', 'add', 'default', 'via', '2001:db8:1::2', ...said)
    must('-n', far, 'route', 'add', 'default', 'via', '198.51.100.2')
    must('-n', far, '-6', 'route', 'add', 'default', 'via', '2001:db8:2::2')
    for (const line of ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']) this.#set(router, line)
    for (const line of options.sysctl) this.#set(near, line)
    // What the router itself sends to the near side: nothing but ICMP errors.
    if (options.filtered) must('-n', router, 'rule', 'add', 'iif', 'lo', 'to', NEAR[4], 'blackhole')
  }

  /** The words that run a command on that side. */
  on(side: 'near' | 'far'): string[] {
    return ['ip', 'netns', 'exec', side === 'near' ? this.#names[0] : this.#names[2]]
  }

  /** IPv4 datagrams that the router sent on in fragments, and those that it dropped since they forbade that. */
  fragmentation(): { readonly cut: number; readonly refused: number } {
    const { stdout } = spawnSync('ip', ['netns', 'exec', this.#names[1], 'cat', '/proc/net/snmp'], { encoding: 'utf8' })
    const [names = [], values = []] = stdout
      .split('\n')
      .filter((line) => line.startsWith('Ip:'))
      .map((line) => line.split(' '))
    const of = (name: string): number => Number(values[names.indexOf(name)])
    return { cut: of('FragOKs'), refused: of('FragFails') }
  }

  remove(): void {
    for (const one of this.#names) ip('netns', 'delete', one)
  }

  #set(side: string, line: string): void {
    const { status, stderr } = spawnSync('ip', ['netns', 'exec', side, 'sysctl', '-w', line], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`sysctl ${line}: ${stderr}`)
  }
}

/** An address of IPv6 is of no use while it is looked for twice. */
const noDetection = (address: string): string[] => (address.includes(':') ? ['nodad'] : [])
