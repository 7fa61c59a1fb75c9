/**
 * eapol_test, wpa_supplicant's EAP peer on RADIUS: a whole EAP conversation through the proxy, and at its end the
 * comparison that no other tool makes, of the MPPE keys that the server sent (salt-encrypted, so re-encrypted by the
 * proxy) with those that the peer derived for itself.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './child.ts'
import { peerPath } from './peers.ts'

export const EAP_METHODS = {
  'EAP-MD5': ['eap=MD5'],
  'EAP-TTLS/PAP': ['eap=TTLS', 'anonymous_identity="anonymous"', 'phase2="auth=PAP"'],
  'PEAP/MSCHAPv2': ['eap=PEAP', 'anonymous_identity="anonymous"', 'phase1="peapver=0"', 'phase2="auth=MSCHAPV2"'],
} as const
export type EapMethod = keyof typeof EAP_METHODS

export interface EapolOptions {
  readonly method: EapMethod
  readonly port: number
  readonly secret: string
  readonly identity: string
  readonly password: string
  /** How many conversations after the first, on the same socket. */
  readonly again?: number
}

export interface EapolResult {
  readonly success: boolean
  /** Of the last line `MPPE keys OK: n  mismatch: n`. */
  readonly keysOk: number
  readonly keysMismatched: number
  readonly output: string
}

export const eapolTest = async (options: EapolOptions): Promise<EapolResult> => {
  const folder = mkdtempSync(join(tmpdir(), 'radsluice-eapol-'))
  const file = join(folder, 'peer.conf')
  const lines = [
    'ssid="radsluice"',
    'key_mgmt=WPA-EAP',
    ...EAP_METHODS[options.method],
    `identity="${options.identity}"`,
    `password="${options.password}"`,
  ]
  writeFileSync(file, `network={\n${lines.map((line) => `  ${line}\n`).join('')}}\n`)
  const words = ['-c', file, '-a', '127.0.0.1', '-p', String(options.port), '-s', options.secret, '-t', '20']
  // EAP-MD5 derives no key, and eapol_test must be told not to wait for one.
  if (options.method === 'EAP-MD5') words.push('-n')
  if (options.again !== undefined) words.push('-r', String(options.again))
  try {
    const ended = await run(peerPath('eapol_test'), words, { limitMs: 40_000 })
    return parseEapol(ended.stdout + ended.stderr)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const parseEapol = (output: string): EapolResult => {
  const keys = [...output.matchAll(/^MPPE keys OK: (\d+)\s+mismatch: (\d+)$/gm)].at(-1)
  return {
    success: output.trimEnd().split('\n').at(-1) === 'SUCCESS',
    keysOk: Number(keys?.[1] ?? 0),
    keysMismatched: Number(keys?.[2] ?? 0),
    output,
  }
}
