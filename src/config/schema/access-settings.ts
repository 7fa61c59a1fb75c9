/**
 * The settings of where others reach the daemon: clients over UDP (`listen`), operators and tools over the admin API (`admin`).
 *
 * A listener is an address and a port as text, or a mapping if there is more to say.
 */

import { z } from 'zod'
import type { Endpoint } from '../../addresses.ts'
import { CLASS_TRAITS, type TrafficClass } from '../../classes.ts'
import { listener, needsRestart } from './kinds.ts'

/** `optional`: the address may be absent, as a virtual address is on the node that stands by. */
export interface ListenAddress extends Endpoint {
  readonly optional?: true
}

const listenAddress = () =>
  z.union([
    listener(),
    z
      .strictObject({
        address: listener().describe('The address and port, as `"192.0.2.7:1812"`.'),
        optional: z
          .boolean()
          .describe(
            'Whether the machine may lack the address. It lacks the virtual address of VRRP while another node has it. That is then no error, and the listener opens within a second after the address arrives.',
          )
          .default(false),
      })
      .transform(
        ({ address, optional }): ListenAddress => ({ ...address, ...(optional ? { optional: true as const } : {}) }),
      ),
  ])

const listenersFor = (requests: string, of: TrafficClass) =>
  z
    .array(listenAddress())
    .meta(
      needsRestart(
        `Where clients send ${requests}. With an empty list there is no ${of}. Each entry is an address and port as text, or a mapping with these two keys.`,
      ),
    )
    .prefault([`0.0.0.0:${CLASS_TRAITS[of].port}`])

export const listen = z
  .strictObject({
    authentication: listenersFor('Access-Requests', 'authentication'),
    accounting: listenersFor('Accounting-Requests', 'accounting'),
  })
  .describe(
    'UDP addresses for clients. `0.0.0.0` and `[::]` mean every address of their own family. An address that comes later is opened within a second. Answers leave from the address that was asked.',
  )
  .prefault({})

export const admin = z
  .strictObject({
    listen: listener()
      .meta(
        needsRestart(
          'The TCP address of /metrics, /status and everything that only reads. Keep it on a loopback address: whoever reaches it may read, unless there is a `token_file`.',
        ),
      )
      .prefault('127.0.0.1:9812'),
    socket: z
      .string()
      .min(1)
      .meta(
        needsRestart(
          'The path of the Unix socket for everything that changes something; its mode is 0600. A relative path starts at the directory of the configuration file. By default it is `admin-PORT.sock` (PORT is that of `listen`) in `$RUNTIME_DIRECTORY`, which systemd sets; else in `$XDG_RUNTIME_DIR/radsluice`; else in a folder of its own for temporary files.',
        ),
      )
      .optional(),
    token_file: z
      .string()
      .min(1)
      .describe(
        'A file of bearer tokens, one `NAME TOKEN` a line. With a token everything can be done over TCP too. If `listen` is not a loopback address, reading needs a token as well. TCP is not encrypted: use it behind a TLS proxy or in your own network.',
      )
      .optional(),
  })
  .describe('How to watch and control the daemon (admin-api.md).')
  .prefault({})
