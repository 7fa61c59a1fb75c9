/**
 * The settings of where clients send to.
 *
 * A listener is an address and a port as text, or a mapping where there is more to say of it. They are a part of the schema
 * (`schema.ts`) with a file of their own.
 */
import { z } from 'zod'
import type { Endpoint } from '../../addresses.ts'
import { listener } from './kinds.ts'

/** Where clients send to: `optional` where the address may be absent, as a virtual one is on the node that stands by. */
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
            'Whether the machine may lack the address, as it lacks the virtual address of VRRP while another node has it. That is no error then, and the listener is opened within a second of its arrival.',
          )
          .default(false),
      })
      .transform(
        ({ address, optional }): ListenAddress => ({ ...address, ...(optional ? { optional: true as const } : {}) }),
      ),
  ])

const listenersFor = (meaning: string, byDefault: string) =>
  z
    .array(listenAddress())
    .meta({
      description: `${meaning} Each is an address and port as text, or a mapping with these two keys.`,
      'x-restart': true,
    })
    .prefault([byDefault])

export const listen = z
  .strictObject({
    authentication: listenersFor(
      'Where clients send Access-Requests. With an empty list there is no authentication.',
      '0.0.0.0:1812',
    ),
    accounting: listenersFor(
      'Where clients send Accounting-Requests. With an empty list there is no accounting.',
      '0.0.0.0:1813',
    ),
  })
  .describe(
    'UDP addresses for clients. `0.0.0.0` and `[::]` are every address of their own family, also one that comes later; each is opened within a second, and answers leave from the address that was asked.',
  )
  .prefault({})
