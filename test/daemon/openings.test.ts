/**
 * Whatever the daemon opens when it starts has a row in `src/daemon/openings.io.ts`, so that `check` tries it before: a file of the
 * source that opens something is named here with its row, or with the reason why it needs none.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { bare } from '../tidy-rules.ts'

const OPENS =
  /\b(?:openSync|appendFileSync|writeFileSync|createWriteStream|mkdirSync|mkdtempSync|createServer|createSocket|openSocket|tryOpening|\.(?:listen|connect)|new RotatingFile|new Listeners)\(/

const ROWS: Readonly<Record<string, string>> = {
  'src/observe/log/rotating-file.io.ts': 'log.directory, tps.directory, accounting.sessions_log.directory',
  'src/observe/log/tps-file.io.ts': 'tps.directory',
  'src/observe/log/sessions-log.io.ts': 'accounting.sessions_log.directory',
  'src/transport/dgram/socket.io.ts': 'listen and farm.servers, through openSocket',
  'src/transport/dgram/transport.io.ts': 'listen and farm.servers, through openSocket',
  'src/transport/batched/sockets.io.ts': 'listen and farm.servers: the same addresses as over dgram',
  'src/transport/batched/listening-link.io.ts': 'listen, through Sockets',
  'src/transport/batched/server-link.io.ts': 'farm.servers, through Sockets',
  'src/transport/links.io.ts': 'listen and farm.servers',
  'src/transport/listeners.io.ts': 'listen',
  'src/transport/choice/self-test-steps.io.ts': 'packet_io: a process of its own',
  'src/transport/choice/surroundings.io.ts': 'none: the daemon starts without the kept result of the self-test',
  'src/transport/choice/start-marks-folder.io.ts': 'none: the daemon starts without a mark',
  'src/instances/instances.io.ts': 'listen: whether the ports are free',
  'src/admin/server.io.ts': 'admin.listen',
  'src/admin/socket/socket-place.io.ts': 'admin.socket',
  'src/config/source/small-file.io.ts': 'the configuration and its secrets, which check reads as run does',
  'src/daemon/wiring.io.ts': 'log.directory',
  'src/daemon/openings.io.ts': 'the table',
}
/** No daemon with a configuration of its own runs these. */
const NOT_THE_DAEMON = /^src\/(commands|demo|simulation)\//

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((name) => `src/${name}`)
  .filter((path) => path.endsWith('.ts') && !NOT_THE_DAEMON.test(path))

it('whatever the daemon opens has a row', () => {
  const opening = files.filter((path) => OPENS.test(bare(readFileSync(path, 'utf8'), false)))
  expect(opening.toSorted()).toEqual(Object.keys(ROWS).toSorted())
})
