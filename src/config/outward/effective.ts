/**
 * The settings in force as an operator would write them: defaults filled in, inherited values written out, durations and sizes
 * with their units, and no secret.
 *
 * The schema says what kind a value is, so a new setting needs no edit here. Written to a file again, with its secrets put
 * back, it is the same configuration.
 */

import { endpointText, type ListenAt } from '../../addresses.ts'
import { perClass } from '../../classes.ts'
import { Secret } from '../../radius/secret.ts'
import type { ClassConfig, Config } from '../schema/config.ts'
import { nodeAt, type SchemaNode, settingsSchema } from '../schema/json-schema.ts'
import { UNITS } from '../schema/kinds.ts'

export type Effective = Readonly<Record<string, unknown>>

/** As an operator would write them, without secrets and tokens. */
export function effectiveSettings(config: Config): Effective {
  const { tokens: _, ...admin } = config.admin
  return written(asWritten(config, admin), settingsSchema(), (secret) => secret.toJSON()) as Effective
}

/** The same to compare: with the secrets themselves, and with the tokens. */
export function comparableSettings(config: Config): Effective {
  return written(asWritten(config, config.admin), settingsSchema(), (secret) => secret) as Effective
}

const asWritten = (config: Config, admin: object): object => {
  const { farm, ...rest } = config
  const classOf = ({ hash_key: key, ...of }: ClassConfig): object => ({
    ...of,
    hash_key: key?.name,
  })
  return {
    ...rest,
    admin,
    farm: {
      ...farm,
      ...perClass((each) => classOf(farm[each])),
      servers: farm.servers.map((server) => ({ ...server, ...perClass((each) => server[each] ?? false) })),
    },
  }
}

function written(value: unknown, node: SchemaNode | undefined, secretAs: (secret: Secret) => unknown): unknown {
  if (value instanceof Secret) return secretAs(value)
  switch (node?.['x-kind']) {
    case 'duration':
      return typeof value === 'string' ? value : value === 0 ? '0s' : withUnit(value as number, UNITS.duration)
    case 'size':
    case 'bit rate':
      return withUnit(value as number, UNITS[node['x-kind']])
    case 'port range':
      return (value as readonly number[]).join('-')
  }
  if (Array.isArray(value)) return value.map((one) => written(one, nodeAt(node, [0]), secretAs))
  if (typeof value !== 'object' || value === null) return value
  if (isListener(value)) return listenerText(value)
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, below]) => below !== undefined)
      .map(([key, below]) => [key, written(below, nodeAt(node, [key]), secretAs)]),
  )
}

/** In the largest unit that gives a whole number, or in the smallest. */
function withUnit(value: number, unitsOfKind: Readonly<Record<string, number>>): string {
  const units = Object.entries(unitsOfKind)
  const fits = units.findLast(([, worth]) => value >= worth && value % worth === 0)
  const [unit, worth] = fits ?? (units[0] as [string, number])
  return `${value / worth}${unit}`
}

const isListener = (value: object): value is ListenAt =>
  /^address,(optional,)?port$/.test(Object.keys(value).sort().join())

function listenerText({ address, port, optional }: ListenAt): string | { address: string; optional: true } {
  const text = endpointText({ address, port })
  return optional ? { address: text, optional } : text
}
