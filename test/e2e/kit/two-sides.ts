/**
 * Two network namespaces and a cable, for one test: radsluice and its clients on the near side, servers on the far side.
 *
 *     near  192.0.2.1, fe80::1 ------ cable ------ far  192.0.2.2, fe80::2
 */
import { spawnSync } from 'node:child_process'

export const FAR_ADDRESS = '192.0.2.2'
/** As the near side writes it. */
export const FAR_LINK_LOCAL = 'fe80::2%cable'

type Side = 'near' | 'far'

export class TwoSides {
  readonly #names: Readonly<Record<Side, string>>

  constructor() {
    const name = `radsluice-${process.pid}`
    this.#names = { near: `${name}-near`, far: `${name}-far` }
    for (const one of Object.values(this.#names)) {
      must(['ip', 'netns', 'add', one])
      must(['ip', '-n', one, 'link', 'set', 'lo', 'up'])
    }
    this.plugIn()
  }

  /** Makes the cable, with fresh interfaces of the same names. */
  plugIn(): void {
    const { near, far } = this.#names
    must(['ip', 'link', 'add', 'cable', 'netns', near, 'type', 'veth', 'peer', 'name', 'cable', 'netns', far])
    for (const [one, own] of [[near, 1] as const, [far, 2] as const]) {
      // No link-local address of the kernel's own: a server at :: could answer from that one.
      must(['ip', '-n', one, 'link', 'set', 'cable', 'addrgenmode', 'none'])
      must(['ip', '-n', one, 'address', 'add', `192.0.2.${own}/24`, 'dev', 'cable'])
      must(['ip', '-n', one, 'address', 'add', `fe80::${own}/64`, 'dev', 'cable', 'nodad'])
      must(['ip', '-n', one, 'link', 'set', 'cable', 'up'])
    }
  }

  /** The words that run a command on that side. */
  on(side: Side): readonly [string, ...string[]] {
    return ['ip', 'netns', 'exec', this.#names[side]]
  }

  /** Runs a command of the system there. */
  must(side: Side, words: string): void {
    must([...this.on(side), ...words.split(' ')])
  }

  remove(): void {
    for (const one of Object.values(this.#names)) spawnSync('ip', ['netns', 'delete', one])
  }
}

function must([program, ...words]: readonly [string, ...string[]]): void {
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`)
}
