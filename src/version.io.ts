/**
 * The version: read from package.json, so that it stands in one place, beside the sources and beside the build alike.
 */
import { readFileSync } from 'node:fs'

/** As in package.json: `0.1.0`. */
export function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
