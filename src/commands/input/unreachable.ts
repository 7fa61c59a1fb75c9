/**
 * Why a daemon could not be asked, in a sentence that says what to do: nothing listens, something listens and hangs, or this user
 * has no right.
 */
import { codedError, systemCodeOf } from '../../coded-error.ts'

export interface Failure {
  /** The address or the path that was asked. */
  readonly where: string
  readonly error: Error
  /** Given up after this time; undefined if something else ended it. */
  readonly lateAfterSeconds?: number
  /** A connection was open at that time. */
  readonly isConnected?: boolean
}

const START_IT = 'start radsluice with "radsluice run -c FILE", or give its address or socket with --admin'

/** NOT_RUNNING if nobody listens, NO_ANSWER if somebody does and does not answer, NOT_PERMITTED. */
export function unreachable({ where, error, isConnected = false, lateAfterSeconds }: Failure): Error {
  const system = systemCodeOf(error)
  if (lateAfterSeconds !== undefined) return codedError('NO_ANSWER', late(where, isConnected, lateAfterSeconds), error)
  switch (system) {
    case 'EACCES':
    case 'EPERM': {
      const advice = 'run this as the user of the daemon or as root, or give a token with --token-file'
      return codedError('NOT_PERMITTED', `this user may not use the admin socket ${where}; ${advice}`, error)
    }
    case 'ENOENT':
    case 'ECONNREFUSED':
      return codedError('NOT_RUNNING', `nothing listens at ${where}; ${START_IT}`, error)
    case 'EAGAIN':
      return codedError('NO_ANSWER', late(where, true, 0), error)
    case 'ENOTFOUND':
    case 'EAI_AGAIN': {
      const advice = 'correct --admin; the path of a socket has a "/" in it ("./admin.sock")'
      return codedError('NOT_RUNNING', `no host is found by the name in ${where} (${system}); ${advice}`, error)
    }
    case 'ECONNRESET':
    case 'EPIPE': {
      const why = 'it is ending, or has too many connections open'
      const sentence = `what listens at ${where} closed the connection without an answer: ${why}; try again`
      return codedError('NOT_RUNNING', sentence, error)
    }
    default: {
      const sentence = system?.startsWith('HPE_')
        ? `what listens at ${where} is not radsluice; give the right address with --admin`
        : `can't reach ${where} (${system ?? error.message}); correct --admin, or the network between`
      return codedError('NOT_RUNNING', sentence, error)
    }
  }
}

function late(where: string, isConnected: boolean, seconds: number): string {
  const within = seconds === 0 ? 'takes no more connections' : `does not answer within ${seconds} s`
  if (isConnected) {
    const advice = 'look at its log and at what its process does ("systemctl status radsluice"), then start it anew'
    return `something listens at ${where} but ${within}: it hangs or is overloaded; ${advice}`
  }
  const why = 'a firewall drops the packets, or what listens there takes no more connections'
  return `no connection to ${where} within ${seconds} s: ${why}; on its own machine, give --admin the path of its socket`
}

/** Without an address, and no daemon was found. `others` are the sockets of daemons at other ports. */
export function foundNowhere(where: string, others: readonly string[], cause: unknown): Error {
  const advice =
    others.length === 0 ? START_IT : `there is ${others.join(' and ')}: give it with --admin, if that is the one meant`
  return codedError('NOT_RUNNING', `nothing listens at ${where}, nor at a socket of that port; ${advice}`, cause)
}
