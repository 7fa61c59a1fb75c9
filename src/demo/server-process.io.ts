/**
 * A demo server in a process of its own: the parent's side and the child's side of it.
 *
 * What is said goes over the channel between the two (the secret must not stand in argv). The child ends when the
 * channel closes, so when its parent does, however that came.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { codedError } from '../coded-error.ts'
import { DemoServer, type DemoServerOptions, type DemoServerReport } from './demo-server.io.ts'
import { cliFile } from './workspace.io.ts'

const PATIENCE_MS = 15_000

type Question = { readonly ask: 'start'; readonly options: DemoServerOptions } | { readonly ask: 'report' }

/** The ports that a started server listens at on 127.0.0.1. */
export type DemoServerPorts = DemoServer['ports']

export class DemoServerProcess {
  readonly ports: DemoServerPorts
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, ports: DemoServerPorts) {
    this.#child = child
    this.ports = ports
  }

  /** @throws a coded error where the process does not start to listen. */
  static async start(options: DemoServerOptions): Promise<DemoServerProcess> {
    const child = fork(cliFile(), ['demo-server'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const ports = (await ask(child, { ask: 'start', options })) as DemoServerPorts
    return new DemoServerProcess(child, ports)
  }

  async report(): Promise<DemoServerReport> {
    return (await ask(this.#child, { ask: 'report' })) as DemoServerReport
  }

  /** Resolves when the process is gone. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) resolve()
      this.#child.once('exit', () => resolve())
      if (this.#child.connected) this.#child.disconnect()
    })
  }
}

function ask(child: ChildProcess, question: Question): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const failed = (why: string): void => reject(codedError('SOCKET_FAILED', `the demo server ${why}; start it again`))
    const patience = setTimeout(() => failed('does not answer'), PATIENCE_MS)
    const onExit = (): void => failed('ended')
    child.once('exit', onExit)
    child.once('message', (answer) => {
      clearTimeout(patience)
      child.off('exit', onExit)
      resolve(answer)
    })
    child.send(question)
  })
}

/** The child's side: serves until the parent is gone. */
export function serveParent(): Promise<void> {
  let server: DemoServer | undefined
  const answer = async (question: Question): Promise<void> => {
    if (question.ask === 'start') server = await DemoServer.start(question.options)
    process.send?.(question.ask === 'start' ? server?.ports : server?.report())
  }
  return new Promise((resolve, reject) => {
    process.on('message', (question: Question) => void answer(question).catch(reject))
    process.once('disconnect', () => {
      server?.close()
      resolve()
    })
    // Ctrl-C reaches the whole group of processes; the parent still drains then, and needs its servers.
    process.on('SIGINT', () => undefined)
  })
}
