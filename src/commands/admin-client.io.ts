/**
 * Asks a running daemon for its status over the admin address.
 */
import { codedError } from '../coded-error.ts'
import type { StatusReport } from '../observe/status-report.ts'

const PATIENCE_MS = 5_000
const MOST_BYTES = 64 * 1024 * 1024

/**
 * The status of the daemon at `admin`, an address such as `http://127.0.0.1:9812`.
 * @throws a coded error: nobody answers there, or somebody else does.
 */
export async function fetchStatus(admin: string): Promise<StatusReport> {
  const url = statusUrl(admin)
  let text: string
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) })
    if (Number(answer.headers.get('content-length') ?? 0) > MOST_BYTES) throw new Error('the answer is too long')
    text = await answer.text()
  } catch (error) {
    const advice = 'start it with "radsluice run -c FILE", or give its address with --admin'
    throw codedError('NOT_RUNNING', `no radsluice answers at ${admin}; ${advice}`, error)
  }
  const report = parsed(text)
  if (report?.name === 'radsluice') return report
  throw codedError('NOT_RUNNING', `what answers at ${admin} is not radsluice; give the right address with --admin`)
}

function statusUrl(admin: string): URL {
  try {
    return new URL('/status', /^https?:\/\//.test(admin) ? admin : `http://${admin}`)
  } catch (error) {
    throw codedError('USAGE', `"${admin}" is no address; write --admin http://127.0.0.1:9812`, error)
  }
}

function parsed(text: string): StatusReport | undefined {
  try {
    return JSON.parse(text) as StatusReport
  } catch {
    return undefined
  }
}
