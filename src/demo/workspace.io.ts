/**
 * What a daemon that is started for a demo needs: our own command line, free ports, and a directory with its configuration and
 * its secret, which this user alone can read and which is gone when the demo ends.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Workspace {
  readonly configFile: string
  readonly secretFile: string
  remove(): void
}

/** How our own command line is started, for child processes: from the sources and from the build alike. */
export const cliFile = (): string => join(import.meta.dirname, '../../bin/start.cjs')

/** Writes the secret and the configuration (which refers to the secret as `secret_file: secret`). */
export function makeWorkspace(secret: string, config: string): Workspace {
  const directory = mkdtempSync(join(tmpdir(), 'radsluice-demo-'))
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text, { mode: 0o600 })
    return join(directory, name)
  }
  return {
    secretFile: file('secret', secret),
    configFile: file('demo.yaml', config),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/** A UDP port and a TCP port of loopback that are free; somebody else may take them before they are used, but seldom does. */
export async function freePorts(): Promise<[udp: number, tcp: number]> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const ports: [number, number] = [socket.address().port, (server.address() as AddressInfo).port]
  socket.close()
  server.close()
  return ports
}
