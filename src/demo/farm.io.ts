/**
 * The farm of `radsluice run` without a configuration: two demo servers, and a configuration that stands before them.
 *
 * Everything is on loopback. It exists so that the first command shows something; it is labelled a demo wherever it shows.
 */
import { DEMO_PASSWORD } from './demo-server.io.ts'
import { type DemoServerPorts, DemoServerProcess } from './server-process.io.ts'
import { makeWorkspace } from './workspace.io.ts'

const SECRET = 'demo-secret-of-radsluice'
const AUTHENTICATION = '127.0.0.1:1812'
const ACCOUNTING = '127.0.0.1:1813'
const ADMIN = '127.0.0.1:9812'
const NAMES = ['demo-1', 'demo-2'] as const

export interface DemoFarm {
  readonly configFile: string
  /** What a person should know of it, line by line. */
  readonly introduction: readonly string[]
  stop(): Promise<void>
}

/** Starts the servers and writes the configuration. */
export async function startDemoFarm(): Promise<DemoFarm> {
  const servers = await Promise.all(
    NAMES.map((name) => DemoServerProcess.start({ name, secret: SECRET, capacity: 0, backlog: 0 })),
  )
  const workspace = makeWorkspace(SECRET, configOf(servers.map(({ ports }) => ports)))
  return {
    configFile: workspace.configFile,
    introduction: introduction(workspace.configFile),
    stop: async () => {
      workspace.remove()
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

const configOf = (ports: readonly DemoServerPorts[]): string => `# The embedded demo of radsluice.
listen: { authentication: ["${AUTHENTICATION}"], accounting: ["${ACCOUNTING}"] }
admin: { listen: "${ADMIN}" }
clients:
  - { name: demo-client, address: 127.0.0.0/8, secret_file: secret }
farm:
  authentication: { max_rate: 20 }
  accounting: { algorithm: round_robin, max_rate: 20 }
  servers:
${ports
  .map(
    ({ authentication, accounting }, index) => `    - name: ${NAMES[index] ?? 'demo'}
      address: 127.0.0.1
      secret_file: secret
      authentication: { port: ${authentication} }
      accounting: { port: ${accounting} }`,
  )
  .join('\n')}
`

const introduction = (configFile: string): string[] => [
  `  authentication  ${AUTHENTICATION}`,
  `  accounting      ${ACCOUNTING}`,
  `  metrics         http://${ADMIN}/metrics   (status: http://${ADMIN}/status, or "radsluice status")`,
  `  configuration   ${configFile}`,
  '',
  'Try, in another terminal:',
  `  echo 'User-Name = "alice", User-Password = "${DEMO_PASSWORD}", Message-Authenticator = 0x00' | radclient -x ${AUTHENTICATION} auth ${SECRET}`,
  `  S=${SECRET} P=${DEMO_PASSWORD} bin/radsluice send auth --secret-env S --user alice --password-env P`,
  '  bin/radsluice demo        # sixty seconds that show the throttle',
  '',
  'Ctrl-C ends it. With a configuration of yours: bin/radsluice run -c FILE',
]
