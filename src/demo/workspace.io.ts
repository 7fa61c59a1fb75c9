/**
 * A directory for one demo: its configuration and its secret, readable by this user only, gone when the demo ends.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Workspace {
  readonly configFile: string
  readonly secretFile: string
  remove(): void
}

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
