/**
 * What `run` opens when it starts: for each setting that names an address, a directory or a socket, the attempt to open it.
 * `check` makes the attempts, says what `run` would say, and leaves nothing behind.
 *
 * If the daemon opens something more, add it here; `test/daemon/openings.test.ts` looks for openings that are missing.
 */
import { dirname, resolve } from 'node:path'
import { tryAdminAddress } from '../admin/server.io.ts'
import { tryDefaultSocket, trySocketPath } from '../admin/socket/socket-place.io.ts'
import { perClass, TRAFFIC_CLASSES, type TrafficClass } from '../classes.ts'
import { codedError } from '../coded-error.ts'
import type { Found } from '../config/checks/result.ts'
import type { ServerSettings } from '../config/schema/schema.ts'
import type { SettingPath } from '../config/source/source.ts'
import { LOG_FILES, SESSIONS_FILES, TPS_FILES } from '../observe/log/day-files.ts'
import { tryRotatingFile } from '../observe/log/rotating-file.io.ts'
import { PacketIoChooser } from '../transport/choice/chooser.io.ts'
import { isUnmet, type PacketIoChoice, type WantedPacketIo } from '../transport/choice/packet-io.ts'
import { tryOpening } from '../transport/dgram/socket.io.ts'
import { DgramTransport } from '../transport/dgram/transport.io.ts'
import { Listeners } from '../transport/listeners.io.ts'

export interface Opening {
  readonly setting: SettingPath
  /** Whether `run` starts without it, and says so. */
  readonly isOptional: boolean
  /** @throws a coded error with the sentence of `run` if it can't be opened. */
  attempt(): Promise<void> | void
}

/** Everything that `run` opens with the configuration in `file`. */
export function openingsOf(found: Found, file: string): readonly Opening[] {
  return [
    ...directoriesOf(found, dirname(file)),
    ...found.servers.flatMap((server, i) => (server === undefined ? [] : towards(found, server, i))),
    ...TRAFFIC_CLASSES.flatMap((name) => found.listen[name].map((_, i) => listening(found, name, i))),
    { setting: ['admin', 'listen'], isOptional: false, attempt: () => tryAdminAddress(found.admin.listen) },
    adminSocket(found, dirname(file)),
    ...(found.packet_io === 'batched' ? [batched(file)] : []),
  ]
}

/** The daemon serves over dgram without it. */
const batched = (file: string): Opening => ({
  setting: ['packet_io'],
  isOptional: true,
  attempt: async () => {
    const choice = await testedChoice('batched', file)
    if (isUnmet(choice)) throw codedError('SOCKET_FAILED', `${choice.why}; radsluice serves over dgram until then`)
  },
})

/** What a start with that configuration file would choose, after the self-test if one is due. */
export async function testedChoice(wanted: WantedPacketIo, file: string): Promise<PacketIoChoice> {
  const packetIo = new PacketIoChooser(wanted, file)
  if (!packetIo.mustTest('never')) await packetIo.test()
  return packetIo.choice()
}

function directoriesOf({ log, tps, sessionsLog }: Found, base: string): Opening[] {
  const all = [
    [LOG_FILES, log.directory],
    [TPS_FILES, tps?.directory],
    [SESSIONS_FILES, sessionsLog?.directory],
  ] as const
  return all.flatMap(([files, directory]) => {
    if (directory === undefined) return []
    const attempt = (): void => tryRotatingFile(files, resolve(base, directory))
    return [{ setting: files.setting.split('.'), isOptional: false, attempt }]
  })
}

const ignore = (): void => undefined
const NOBODY = { pending: ignore, request: ignore, response: ignore, probeAnswer: ignore, linkChanged: ignore }

/** An address that may be absent is no fault, unless its port is taken. */
function listening({ listen }: Found, trafficClass: TrafficClass, index: number): Opening {
  const attempt = async (): Promise<void> => {
    const listeners = new Listeners({
      transport: new DgramTransport(),
      notes: { sendFailed: ignore, listener: ignore },
    })
    const one = listen[trafficClass].slice(index, index + 1)
    const at = { ...perClass(() => []), [trafficClass]: one }
    try {
      await listeners.open({ at, mustHaveAll: true }, NOBODY)
    } finally {
      listeners.close()
    }
  }
  return { setting: ['listen', trafficClass, index], isOptional: false, attempt }
}

/** The sockets towards a server: one for each class, or all if the operator names their ports. */
function towards({ listen }: Found, server: ServerSettings, index: number): Opening[] {
  const { name, address, source_address: source, source_ports: ports } = server
  const key = source !== undefined ? 'source_address' : ports !== undefined ? 'source_ports' : 'address'
  const from = source ?? (address.includes(':') ? '::' : '0.0.0.0')
  const [first, last] = ports ?? [0, 0]
  const attempt = async (): Promise<void> => {
    for (const trafficClass of TRAFFIC_CLASSES) {
      const lane = server[trafficClass]
      if (lane === false || listen[trafficClass].length === 0) continue
      for (let port = first; port <= last; port += 1) {
        await tryOpening({
          purpose: `server ${name}, ${trafficClass}`,
          local: source === undefined && ports === undefined ? undefined : { address: from, port },
          server: { address, port: lane.port },
        })
      }
    }
  }
  return [{ setting: ['farm', 'servers', index, key], isOptional: false, attempt }]
}

function adminSocket({ admin }: Found, base: string): Opening {
  const { socket, listen } = admin
  const setting = ['admin', 'socket']
  return socket === undefined
    ? { setting, isOptional: true, attempt: () => tryDefaultSocket(listen.port) }
    : { setting, isOptional: false, attempt: () => trySocketPath(resolve(base, socket)) }
}
