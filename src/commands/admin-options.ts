/**
 * The options of every verb that talks to a running daemon.
 */

/** That of `admin.listen` where the configuration names none. */
export const USUAL_PORT = 9812
export const USUAL_ADMIN = `http://127.0.0.1:${USUAL_PORT}`

export const ADMIN_OPTIONS = {
  admin: {
    type: 'string',
    requiresArg: true,
    describe: `The admin address of the daemon, or the path of its socket. [default: its socket, else ${USUAL_ADMIN}]`,
  },
  'token-file': {
    type: 'string',
    requiresArg: true,
    describe: 'A file with the token to show, where one is asked for.',
  },
} as const
