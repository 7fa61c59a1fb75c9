/**
 * The options of every verb that talks to a running daemon.
 */

export const DEFAULT_ADMIN = 'http://127.0.0.1:9812'

export const ADMIN_OPTIONS = {
  admin: {
    type: 'string',
    default: DEFAULT_ADMIN,
    requiresArg: true,
    describe: 'The admin address of the daemon, or the path of its socket.',
  },
  'token-file': {
    type: 'string',
    requiresArg: true,
    describe: 'A file with the token to show, where one is asked for.',
  },
} as const
