/**
 * The settings of where others reach the daemon: clients over UDP (`listen`), operators and tools over the admin API (`admin`).
 *
 * A listener is an address and a port as text, or a mapping if there is more to say.
 */

import { z } from 'zod'
import type { ListenAt } from '../../addresses.ts'
import { CLASS_TRAITS, type TrafficClass } from '../../classes.ts'
import { flag, listener, mapping, NEEDS_RESTART, text } from './kinds.ts'

const listenAddress = () =>
  z.union([
    listener(),
    z
      .strictObject({
        address: listener().describe('The address and port, as `"192.0.2.7:1812"`.'),
        optional: flag()
          .describe(
            'Whether the machine may lack the address. It lacks the virtual address of VRRP while another node has it. That is then no error, and the listener opens within a second after the address arrives.',
          )
          .default(false),
      })
      .transform(
        ({ address, optional }): ListenAt => ({ ...address, ...(optional ? { optional: true as const } : {}) }),
      ),
  ])

const listenersFor = (requests: string, of: TrafficClass) =>
  z
    .array(listenAddress())
    .describe(
      `Where clients send ${requests}. With an empty list there is no ${of}. Each entry is an address and port as text, or a mapping with these two keys.`,
    )
    .meta(NEEDS_RESTART)
    .prefault([`0.0.0.0:${CLASS_TRAITS[of].port}`])

export const listen = mapping(
  'UDP addresses for clients. `0.0.0.0` and `[::]` mean every address of their own family. An address that comes later is opened within a second. Answers leave from the address that was asked.',
  {
    authentication: listenersFor('Access-Requests', 'authentication'),
    accounting: listenersFor('Accounting-Requests', 'accounting'),
  },
).prefault({})

export const admin = mapping('How to watch and control the daemon (admin-api.md).', {
  listen: listener()
    .describe(
      'The TCP address of /metrics, /status and everything that only reads. Keep it on a loopback address: whoever reaches it may read, unless there is a `token_file`.',
    )
    .meta(NEEDS_RESTART)
    .prefault('127.0.0.1:9812'),
  socket: text()
    .describe(
      'The path of the Unix socket for everything that changes something; its mode is 0600. A relative path starts at the directory of the configuration file. By default it is `admin-PORT.sock` (PORT is that of `listen`) in `$RUNTIME_DIRECTORY`, which systemd sets; else in `$XDG_RUNTIME_DIR/radsluice`; else in a folder of its own for temporary files.',
    )
    .meta(NEEDS_RESTART)
    .optional(),
  token_file: text()
    .describe(
      'A file of bearer tokens, one `NAME TOKEN` a line. With a token everything can be done over TCP too. If `listen` is not a loopback address, reading needs a token as well. TCP is not encrypted: use it behind a TLS proxy or in your own network.',
    )
    .optional(),
}).prefault({})
