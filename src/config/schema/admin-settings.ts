/**
 * The settings of the admin API: where it can be reached, and who may change something there.
 */
import { z } from 'zod'
import { listener } from './kinds.ts'

const restart = { 'x-restart': true } as const

export const admin = z
  .strictObject({
    listen: listener()
      .meta({
        description:
          'The TCP address of /metrics, /status and all that only reads. Keep it on a loopback address: who reaches it may read, unless there is a `token_file`.',
        ...restart,
      })
      .prefault('127.0.0.1:9812'),
    socket: z
      .string()
      .min(1)
      .meta({
        description:
          'The path of the Unix socket for what changes something, mode 0600; a relative path starts at the directory of the configuration file. By default `admin-PORT.sock`, PORT being that of `listen`, in `$RUNTIME_DIRECTORY` (systemd sets it), else in `$XDG_RUNTIME_DIR/radsluice`, else in a folder of its own for temporary files.',
        ...restart,
      })
      .optional(),
    token_file: z
      .string()
      .min(1)
      .describe(
        'A file of bearer tokens, one `NAME TOKEN` a line; with one of them everything can be done over TCP too, and where `listen` is no loopback address even reading needs it. TCP is not encrypted: use it behind a TLS proxy or in a network of your own.',
      )
      .optional(),
  })
  .describe('How the daemon is looked at and told what to do (admin-api.md).')
  .prefault({})
