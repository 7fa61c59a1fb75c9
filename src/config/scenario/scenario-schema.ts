/**
 * The scenario file of `radsluice simulate`: each key is defined once, with its type, its check, its default and its meaning. The
 * built-in scenarios are such files too, and the command's options are keys of it. So one check serves all three.
 */
import { z } from 'zod'
import type { SchemaNode } from '../schema/json-schema.ts'
import { duration, flag, mapping, name, oneOf, orFalse, text, whole } from '../schema/kinds.ts'

export const BUILT_IN = ['storm', 'outage', 'interim', 'mixed'] as const
export type BuiltIn = (typeof BUILT_IN)[number]
export const EVENTS = ['reboot', 'silence', 'loss'] as const

const timeout = duration({ least: '10ms', most: '5m' }).describe(
  'After so long without an answer a client sends the same message again.',
)
const tries = whole(1, 100).describe('Transmissions of one message, the first included; then the client gives up.')
const capacity = whole(1, 1_000_000).describe(
  'Messages a second that one server works off, authentication and accounting together.',
)
const backlog = whole(1, 10_000_000).describe('Messages that may wait at one server; what comes beyond is lost.')
const latency = duration({ least: '0s', most: '1m' }).describe(
  'Time that passes beside the work, as in a slow database.',
)
const percent = whole(0, 100)

const event = z.strictObject({
  at: duration({ least: '0s', most: '24h' }).describe('When, from the start.'),
  what: oneOf(EVENTS).describe(
    '`reboot`: a BNG forgets everything and its sessions dial again. `silence`: servers are dead for a time. `loss`: datagrams get lost for a time.',
  ),
  bng: whole(1, 65_000).describe('For `reboot`: which BNG, counted from 1; the first by default.').optional(),
  within: duration({ least: '0s', most: '24h' })
    .describe('For `reboot`: all its sessions dial within this; `dial_within` by default.')
    .optional(),
  lasts: duration({ least: '1ms', most: '24h' }).describe('For `silence` and `loss`: how long.').optional(),
  server: name().describe('For `silence`: which server of the configuration; all of them by default.').optional(),
  percent: percent.describe('For `loss`: how many of 100 datagrams.').optional(),
  side: oneOf(['clients', 'servers'])
    .describe('For `loss`: on which side of radsluice; servers by default.')
    .optional(),
})

/** Order of keys is the order of the page docs/simulating.md. */
export const scenarioSettings = z.strictObject({
  based_on: oneOf(BUILT_IN)
    .describe('The built-in scenario whose values hold where this file has none.')
    .default('storm'),
  name: text().max(80).describe('What the report calls it.').optional(),
  length: duration({ least: '1s', most: '24h' }).describe('How long to watch, in virtual time.').prefault('240s'),
  seed: whole(0, 0x7fff_ffff).describe('The same seed gives the same run, message for message.').default(1),
  sessions: whole(1, 1_000_000).describe('Sessions of all BNGs together.').default(40_000),
  bngs: whole(1, 65_000).describe('BNGs, which share the sessions evenly.').default(1),
  begin: oneOf(['down', 'up'])
    .describe('`down`: all sessions dial at the start, within `dial_within`. `up`: all are up already.')
    .default('down'),
  dial_within: duration({ least: '0s', most: '24h' }).describe('All sessions dial within this.').prefault('2s'),
  session_time: duration({ least: '0s', most: '720h' })
    .describe('How long a session stays up, on average; then it stops and dials again. 0s is for ever.')
    .prefault('0s'),
  clients: mapping('How clients repeat an Access-Request, and when they give up.', {
    timeout: timeout.prefault('3s'),
    tries: tries.optional().meta({ 'x-default': '4' }),
    patience: duration({ least: '10ms', most: '1h' })
      .describe('Instead of `tries`: how long a client waits in all; a whole number of time-outs.')
      .optional(),
    redial: duration({ least: '0s', most: '1h' })
      .describe('How long a session waits after its client gave up, before it dials anew.')
      .prefault('10s'),
    redial_spread: percent
      .describe('By how many percent of itself that pause varies to either side; 0 keeps all in step.')
      .default(50),
  }).prefault({}),
  accounting: orFalse(
    z.strictObject({
      timeout: timeout.prefault('3s'),
      tries: tries.default(4),
      new_delay_time: flag()
        .describe('Repetitions carry a new Acct-Delay-Time and a new identifier (RFC 2866 section 5.2).')
        .default(false),
      interim_period: duration({ least: '0s', most: '24h' })
        .describe('Between two interim updates of one session, +-10 %; 0s is none.')
        .prefault('10m'),
      interim_within: duration({ least: '0s', most: '24h' })
        .describe(
          'Where sessions are up at the start: the first update of each comes within this; `interim_period` by default.',
        )
        .optional(),
    }),
  )
    .describe('Start, interim updates and Stop of each session. `false`: no accounting.')
    .prefault({}),
  servers: mapping('What each server can do.', {
    capacity: capacity.default(400),
    backlog: backlog.default(16_000),
    latency: latency.prefault('5ms'),
    each: z
      .array(
        z.strictObject({
          name: name().describe('Its name in the configuration.'),
          capacity,
          backlog: backlog.default(16_000),
          latency: latency.prefault('5ms'),
        }),
      )
      .describe('Servers of the configuration that differ from the others, by name.')
      .default([]),
  }).prefault({}),
  network: mapping('The network between all of them.', {
    delay: duration({ least: '0s', most: '10s' })
      .describe('One way between a client and radsluice, and between radsluice and a server.')
      .prefault('200us'),
    loss: percent.describe('Of 100 datagrams, so many get lost.').default(0),
  }).prefault({}),
  events: z.array(event).max(10_000).describe('What happens on the way.').default([]),
})

export type ScenarioSettings = z.output<typeof scenarioSettings>

/** What differs from the defaults in the built-in scenarios. */
export const BUILT_IN_VALUES: Readonly<Record<BuiltIn, Readonly<Record<string, unknown>>>> = {
  storm: {},
  outage: { begin: 'up', session_time: '30m', events: [{ at: '20s', what: 'silence', lasts: '60s' }] },
  interim: { begin: 'up', length: '600s', accounting: { interim_within: '30s' } },
  mixed: {
    begin: 'up',
    bngs: 4,
    session_time: '1h',
    length: '300s',
    events: [
      { at: '20s', what: 'reboot', bng: 1 },
      { at: '150s', what: 'silence', lasts: '30s' },
    ],
  },
}

/** For messages about a setting of the file, and for the page. */
export const scenarioJsonSchema = (): SchemaNode =>
  z.toJSONSchema(scenarioSettings, { target: 'draft-7', io: 'input' }) as SchemaNode
