/**
 * What every run of a storm has: slow servers that end with it, and what the daemon says of itself at its end.
 */
import type { DaemonProcess } from './daemon-process.ts'
import type { SlowServerReport } from './slow-server.ts'
import { SlowServerProcess } from './slow-server-process.ts'
import type { StormPlan } from './storm-plan.ts'
import type { DaemonReport } from './storm-report.ts'

export const SECRET = 'between-storm-and-servers'

export async function withServers<Run>(
  plan: StormPlan,
  act: (servers: readonly SlowServerProcess[], ports: readonly number[]) => Promise<Run>,
  watch?: string,
): Promise<Run> {
  const { capacity, backlog, tries, repeatEvery } = plan
  const servers: SlowServerProcess[] = []
  try {
    while (servers.length < plan.servers) {
      const options = { secret: SECRET, capacity, backlog, patience: tries * repeatEvery }
      servers.push(await SlowServerProcess.start(watch === undefined ? options : { ...options, watch }))
    }
    return await act(
      servers,
      servers.map(({ port }) => port),
    )
  } finally {
    for (const server of servers) await server.stop()
  }
}

export const reports = async (servers: readonly SlowServerProcess[]): Promise<readonly SlowServerReport[]> =>
  await Promise.all(servers.map((server) => server.report()))

export async function daemonReport(daemon: DaemonProcess): Promise<DaemonReport> {
  const { classes, lanes, clients, listeners, upstreamKernelDrops, process, instances } = await daemon.status()
  return {
    ledger: classes.authentication.ledger,
    clients: clients.map(({ name, received, served }) => {
      return { name, received: received.authentication, ...served.authentication }
    }),
    lanes: lanes.map(({ server, state, counters: { requests, retransmissions, timeouts } }) => {
      return { server, state, requests, retransmissions, timeouts }
    }),
    kernelDrops: listeners.reduce<number | undefined>(
      (sum, { kernelDrops }) => (sum === undefined || kernelDrops === undefined ? undefined : sum + kernelDrops),
      upstreamKernelDrops,
    ),
    residentBytes: process.residentBytes ?? Number.NaN,
    cpuSeconds: process.cpuSeconds ?? Number.NaN,
    loopDelay: instances[0]!.loopDelay,
    processorWaitSeconds: daemon.processorWait(),
  }
}
