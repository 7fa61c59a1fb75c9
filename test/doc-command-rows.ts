/**
 * What becomes of each command that README, docs/ and bench/README.md show: run by test/e2e/shell-docs*.test.ts as it is
 * typed (with placeholders filled in, and long ones in a short form), run by another test, or not run, with the reason.
 *
 * test/doc-commands.test.ts holds this list and the pages together, in both directions.
 */

/**
 * Where a command is typed: nothing runs (what proves and what measures apart from the rest), `npm start` runs, the drill's
 * daemon before it, `examples/minimal.yaml`, or (last) the end of the one of `npm start`. What is typed twice there in the
 * same words is run once.
 */
export type Situation = 'nothing' | 'proof' | 'bench' | 'demo' | 'drill' | 'minimal' | 'end'

export interface Typed {
  readonly in: Situation
  /** What is typed instead: placeholders filled in, fewer of everything. */
  readonly as?: string
  /** By default 0. */
  readonly exit?: number
  /** What standard output and standard error have in them. */
  readonly says: RegExp
  /** It goes on by itself: it is interrupted once it has said so, and its exit code is not looked at. */
  readonly goesOn?: true
}

export type DocCommand =
  | Typed
  /** A test that does it; `shows` is in its text. */
  | { readonly by: string; readonly shows: string }
  | { readonly notHere: string }

const LONG = 'a long measurement; docs/performance.md and bench/README.md say how long'
const NEEDS_SYSTEM = 'changes a setting of the whole machine'

const whileAliceLogsIn = (line: string): string =>
  `(sleep 2; echo 'User-Name = "alice", User-Password = "wonderland", Message-Authenticator = 0x00' | radclient -q 127.0.0.1:1812 auth demo-secret-of-radsluice) & ${line}`

const OVERLOAD = 'test/bench/overload'
const MUTATED = 'scripts/node24 bench/mutated.ts'

export const DOC_COMMANDS: Readonly<Record<string, DocCommand>> = {
  // README
  'npm ci && npm start': { by: 'test/e2e/shell-docs.test.ts', shows: "['npm', 'start']" },
  'npm ci && npm test': { notHere: 'it is this test run' },
  'npm ci': { notHere: 'it came before this test run' },
  'npm test': { notHere: 'it is this test run' },
  'npm start': { by: 'test/e2e/shell-docs.test.ts', shows: "['npm', 'start']" },
  'npm start -- -c FILE': {
    in: 'nothing',
    as: 'npm start -- -c examples/minimal.yaml',
    says: /"event":"started"/,
    goesOn: true,
  },
  'bin/radsluice run -c FILE': {
    in: 'nothing',
    as: 'bin/radsluice run -c examples/minimal.yaml',
    says: /"event":"started"/,
    goesOn: true,
  },
  'npm pack && npm install -g ./radsluice-0.1.0.tgz': { by: 'test/e2e/install.test.ts', shows: "'install', '-g'" },
  'npm install -g --prefix /opt/radsluice ./radsluice-0.1.0.tgz': {
    by: 'test/e2e/install.test.ts',
    shows: "'--prefix', prefix",
  },
  'radsluice --help': { in: 'nothing', says: /Usage: radsluice/ },
  'radsluice --version': { in: 'nothing', says: /^\d+\.\d+\.\d+$/m },
  'bin/radsluice demo': { by: 'test/e2e/shell-demo.test.ts', shows: "['demo', '--json']" },
  [`echo 'User-Name = "alice", User-Password = "wonderland", Message-Authenticator = 0x00' | radclient -x 127.0.0.1:1812 auth demo-secret-of-radsluice`]:
    { in: 'demo', says: /Received Access-Accept/ },
  'bin/radsluice status': { in: 'demo', says: /ledger|LAW/ },
  'S=demo-secret-of-radsluice P=wonderland bin/radsluice send auth --secret-env S --user alice --password-env P': {
    in: 'demo',
    says: /Access-Accept/,
  },
  'bin/radsluice plan --sessions 40000 --servers 2 --capacity 400 --patience 18s': {
    in: 'nothing',
    as: 'bin/radsluice plan --sessions 400 --servers 2 --capacity 400 --patience 18s',
    says: /max_rate/,
  },
  'bin/radsluice simulate --sessions 20000 --without-proxy': {
    in: 'nothing',
    as: 'bin/radsluice simulate --sessions 400 --without-proxy',
    says: /report: /,
  },
  'bin/radsluice check -c FILE': { in: 'nothing', as: 'bin/radsluice check -c examples/minimal.yaml', says: /./ },
  'npm run storm -- --other 10': { by: 'test/e2e/bench.test.ts', shows: "'--other'" },
  'npm run storm -- --other 10 --max-age auto': { notHere: LONG },
  'npm run storm -- --other 10 --capacity 550 --slot 10 --redial-spread 0.5': { notHere: LONG },
  'npm run storm': { in: 'bench', as: 'npm run storm -- --help', says: /usage: bench\/storm\.ts/ },

  // docs/simulating.md
  'radsluice simulate': { in: 'nothing', as: 'radsluice simulate --sessions 200', says: /report: / },
  'radsluice simulate --scenario storm --sessions 40000 --capacity 400 --without-proxy': {
    in: 'nothing',
    as: 'radsluice simulate --scenario storm --sessions 400 --capacity 400 --without-proxy',
    says: /report: /,
  },
  'radsluice simulate -c /etc/radsluice.yaml --scenario outage --capacity 300 --without-proxy': {
    in: 'nothing',
    as: 'radsluice simulate -c examples/minimal.yaml --scenario outage --capacity 300 --without-proxy --sessions 200',
    says: /report: /,
  },
  'radsluice plan': { in: 'nothing', as: 'radsluice plan --sessions 400', says: /max_rate/ },
  'radsluice plan --sessions 40000 --servers 2 --capacity 400 --patience 18s > radsluice.yaml': {
    in: 'nothing',
    as: 'radsluice plan --sessions 400 --servers 2 --capacity 400 --patience 18s > radsluice.yaml && head radsluice.yaml',
    says: /\n/,
  },

  // A file, a packet, a schema
  'radsluice check': { in: 'nothing', as: 'radsluice check -c examples/minimal.yaml', says: /./ },
  'radsluice check -c FILE': { in: 'nothing', as: 'radsluice check -c examples/minimal.yaml', says: /./ },
  'radsluice schema': { in: 'nothing', says: /"\$schema"/ },
  'radsluice decode': { by: 'test/e2e/shell-cli.test.ts', shows: "'decode'" },
  'radsluice run -c FILE': {
    in: 'nothing',
    as: 'radsluice run -c examples/minimal.yaml',
    says: /"event":"started"/,
    goesOn: true,
  },
  'radsluice run': { in: 'nothing', says: /THIS IS A DEMO/, goesOn: true },
  'scripts/node24 --cpu-prof src/cli.ts run -c FILE': {
    in: 'nothing',
    as: 'scripts/node24 --cpu-prof src/cli.ts run -c examples/minimal.yaml',
    says: /"event":"started"/,
    goesOn: true,
  },

  // A running daemon
  'radsluice status': { in: 'demo', says: /SERVER/ },
  'radsluice top': { in: 'demo', as: 'radsluice top --json', says: /"phase"/, goesOn: true },
  'radsluice show servers': { in: 'demo', says: /SERVER/ },
  'radsluice show counters': { in: 'demo', says: /AccessRequests/ },
  'radsluice show clients': { in: 'demo', says: /CLIENT/ },
  'radsluice show queues': { in: 'demo', says: /OLDEST/ },
  'radsluice show config': { in: 'demo', says: /max_rate/ },
  'radsluice trace': { in: 'demo', as: whileAliceLogsIn('radsluice trace --user alice --seconds 4'), says: /answered/ },
  'radsluice trace --user NAME': {
    in: 'demo',
    as: whileAliceLogsIn('radsluice trace --user alice --seconds 4'),
    says: /answered/,
  },
  'radsluice trace --client NAME': {
    in: 'minimal',
    as: 'radsluice trace --client bng-1 --seconds 1',
    exit: 1,
    says: /the time is over/,
  },
  'radsluice sessions': { in: 'demo', as: 'radsluice sessions; test $? -le 1', says: /tracked sessions/ },
  'radsluice server down NAME': { in: 'minimal', as: 'radsluice server down fr-1', says: /fr-1/ },
  'radsluice server up NAME': { in: 'minimal', as: 'radsluice server up fr-1', says: /fr-1/ },
  'radsluice set max-rate NAME CLASS N': {
    in: 'minimal',
    as: 'radsluice set max-rate fr-1 accounting 200',
    says: /200/,
  },
  'radsluice reload': { in: 'minimal', says: /nothing changed|override/ },
  'radsluice reload --forget-learned': { in: 'minimal', says: /nothing changed/ },
  'radsluice check -c FILE --notes': {
    in: 'nothing',
    as: 'radsluice check -c examples/minimal.yaml --notes',
    says: /note: packet I\/O is/,
  },
  'radsluice check -c FILE --against-running': {
    in: 'minimal',
    as: 'radsluice check -c examples/minimal.yaml --against-running',
    says: /nothing/,
  },
  'radsluice log-level debug': { in: 'minimal', says: /debug/ },
  'radsluice show learned': { in: 'demo', says: /ADDRESS|learned/ },
  'radsluice drain': { in: 'end', says: /drained/ },
  'radsluice resume': { in: 'end', says: /takes/ },
  'radsluice stop': { in: 'end', says: /stopped/ },
  'systemctl stop radsluice': { notHere: 'needs a running systemd' },
  'systemctl start radsluice': { notHere: 'needs a running systemd' },
  [`S=$(curl -s http://127.0.0.1:9812/status | sed -n 's/.*"adminSocket": "\\(.*\\)".*/\\1/p')`]: {
    in: 'minimal',
    as: `S=$(curl -s http://127.0.0.1:9812/status | sed -n 's/.*"adminSocket": "\\(.*\\)".*/\\1/p'); echo "$S"`,
    says: /admin-9812\.sock/,
  },
  'curl -s --unix-socket "$S" -X POST http://radsluice/servers/fr-1/down': {
    in: 'minimal',
    as: 'curl -s --unix-socket "$SOCKET" -X POST http://radsluice/servers/fr-1/down',
    says: /fr-1/,
  },
  [`curl -s --unix-socket "$S" -X POST http://radsluice/servers/fr-1/max-rate -H 'Content-Type: application/json' -d '{"class": "accounting", "max_rate": 200}'`]:
    {
      in: 'minimal',
      as: `curl -s --unix-socket "$SOCKET" -X POST http://radsluice/servers/fr-1/max-rate -H 'Content-Type: application/json' -d '{"class": "accounting", "max_rate": 200}'`,
      says: /200/,
    },

  'radsluice stop --force': { in: 'minimal', says: /stopped/ },

  // docs/freeradius.md
  [`echo 'User-Name = "bob", User-Password = "hello", Message-Authenticator = 0x00' | radclient -x RADSLUICE:1812 auth SECRET-OF-THIS-CLIENT`]:
    {
      in: 'demo',
      as: `echo 'User-Name = "alice", User-Password = "wonderland", Message-Authenticator = 0x00' | radclient -x 127.0.0.1:1812 auth demo-secret-of-radsluice`,
      says: /Received Access-Accept/,
    },
  [`echo 'Message-Authenticator = 0x00' | radclient -x RADSLUICE:1812 status SECRET-OF-THIS-CLIENT`]: {
    in: 'demo',
    as: `echo 'Message-Authenticator = 0x00' | radclient -x 127.0.0.1:1812 status demo-secret-of-radsluice`,
    says: /Received Access-Accept/,
  },
  'radclient -q -s -p 200 -c 50 -f requests.txt SERVER auth SECRET': {
    in: 'demo',
    as: `printf 'User-Name = "alice", User-Password = "wonderland", Message-Authenticator = 0x00\\n\\n' > requests.txt; radclient -q -s -p 200 -c 50 -f requests.txt 127.0.0.1:1812 auth demo-secret-of-radsluice`,
    says: /Accepted *: 50/,
  },
  'freeradius -X': { by: 'test/e2e/kit/freeradius.ts', shows: "peerPath('freeradius'), ['-f'" },

  // The drills of docs/operating.md
  'radsluice run -c examples/drill.yaml': { by: 'test/e2e/shell-docs.test.ts', shows: 'examples/drill.yaml' },
  "A='--admin 127.0.0.1:9813'": { in: 'drill', as: "A='--admin 127.0.0.1:9813'; radsluice status $A", says: /drill/ },
  [`for i in $(seq 400); do printf 'User-Name = "user-%s", User-Password = "demo", Message-Authenticator = 0x00\\n\\n' "$i" done > logins`]:
    {
      in: 'drill',
      as: `for i in $(seq 400); do printf 'User-Name = "user-%s", User-Password = "demo", Message-Authenticator = 0x00\\n\\n' "$i"; done > logins; grep -c user logins`,
      says: /^400$/m,
    },
  'flood() { timeout 20 radclient -q -r 1 -t 20 -p "$1" -f logins 127.0.0.1:2812 auth "$2" > flood.log; }': {
    in: 'drill',
    as: 'flood() { timeout 2 radclient -q -r 1 -t 20 -p "$1" -f logins 127.0.0.1:2812 auth "$2" > flood.log; }; flood 60 drill-secret-of-radsluice; radsluice show queues --admin 127.0.0.1:9813',
    says: /authentication +all +[1-9]/,
  },
  'flood 400 drill-secret-of-radsluice': {
    in: 'drill',
    as: 'timeout 1 radclient -q -r 1 -t 20 -p 400 -f logins 127.0.0.1:2812 auth drill-secret-of-radsluice; radsluice show alarms --admin 127.0.0.1:9813',
    says: /alarm (queue-fill|shed)/,
  },
  'flood 60 drill-secret-of-radsluice': {
    by: 'test/doc-command-rows.ts',
    shows: 'flood 60 drill-secret-of-radsluice;',
  },
  'flood 20 wrong-secret': {
    in: 'drill',
    as: 'for i in 1 2 3 4 5 6 7 8; do timeout 0.5 radclient -q -r 1 -t 20 -p 20 -f logins 127.0.0.1:2812 auth wrong-secret; radsluice show alarms --admin 127.0.0.1:9813 | grep client-secret && break; done',
    says: /datagrams do not verify/,
  },
  'flood 5 drill-secret-of-radsluice': { by: 'test/e2e/summary.test.ts', shows: 'never a valid response' },
  [`echo 'User-Name = "old", User-Password = "demo"' \\| radclient -r 1 -t 2 127.0.0.1:2812 auth drill-secret-of-radsluice`]:
    { by: 'test/e2e/signing.test.ts', shows: 'mixed-signing' },
  'ip route get': { in: 'nothing', as: 'ip route get 127.0.0.1', says: /dev lo/ },
  'ip route add unreachable 192.0.2.77': { notHere: 'a route of the machine; test/observe knows the alarm' },
  'ip address add 192.0.2.7/32 dev lo': { by: 'test/e2e/addresses.test.ts', shows: 'listener-missing' },
  'ip address delete 192.0.2.7/32 dev lo': { by: 'test/e2e/addresses.test.ts', shows: 'listener-missing' },
  'radsluice reload --admin 127.0.0.1:9813': { in: 'drill', says: /./ },
  'radsluice server down one --admin 127.0.0.1:9813': { in: 'drill', says: /one/ },
  'radsluice top --admin 127.0.0.1:9813': {
    in: 'drill',
    as: 'radsluice top --json --admin 127.0.0.1:9813',
    says: /"phase"/,
    goesOn: true,
  },
  'for i in 1 2 3 4 5; do kill -STOP PID; sleep 0.4; kill -CONT PID; sleep 0.6; done': {
    in: 'drill',
    as: 'for i in 1 2 3 4 5; do kill -STOP $DRILL; sleep 0.4; kill -CONT $DRILL; sleep 0.6; done; radsluice show alarms --admin 127.0.0.1:9813',
    says: /event-loop-delay/,
  },
  'kill -STOP PID': { in: 'drill', as: 'kill -STOP $DRILL; kill -CONT $DRILL; echo done', says: /done/ },
  'kill -CONT PID': { in: 'drill', as: 'kill -CONT $DRILL; echo done', says: /done/ },
  'sysctl -w net.core.rmem_max': { notHere: NEEDS_SYSTEM },
  'sysctl -w net.core.rmem_max=4194304': { notHere: NEEDS_SYSTEM },
  'sysctl --system': { notHere: NEEDS_SYSTEM },
  'docker run --sysctl net.ipv4.ip_no_pmtu_disc=1 ...': { notHere: 'needs a Docker engine' },
  'ip route change 198.51.100.0/24 via 192.0.2.2 mtu lock 1400': {
    by: 'test/e2e/shell-mtu.test.ts',
    shows: 'mtu lock 1400',
  },
  'ip -6 route change ... mtu lock 1400': { by: 'test/e2e/shell-mtu.test.ts', shows: 'mtu lock 1400' },

  // Proof: simulation, tests, planted faults
  'npm run sim': { in: 'proof', as: 'npm run sim -- --seeds 1', says: /1 seeds .* 0 failed/ },
  'npm run sim -- --seeds 10000': { in: 'proof', as: 'npm run sim -- --seeds 1', says: /1 seeds .* 0 failed/ },
  'npm run sim -- --seeds 500 --first-seed 7000': {
    in: 'proof',
    as: 'npm run sim -- --seeds 1 --first-seed 7000',
    says: /1 seeds \(7000 to 7000\).* 0 failed/,
  },
  'npm run sim -- --seed 97 --trace': { in: 'proof', says: /seed 97: \d+ steps, no law broken/ },
  'npm run sim -- --seed 97 --troubled --trace': { in: 'proof', says: /no law broken/ },
  'npm run sim -- --seed N --trace': { in: 'proof', as: 'npm run sim -- --seed 97 --trace', says: /no law broken/ },
  'npm run sim -- --hour': { notHere: 'two minutes; test/sim plays hours of other worlds' },
  'npm run mutants': { notHere: 'most of an hour; test/mutations.test.ts shows that each fault can be planted' },
  'npx vitest run --project sim': {
    in: 'proof',
    as: 'npx vitest run --project sim -t "no such test" test/sim/clock.test.ts',
    says: /skipped/,
  },
  'npm run format': { notHere: 'writes into the source; npm run check says the same and changes nothing' },
  'npm test -- WORD': { notHere: 'a test run within this test run' },
  'npm test -- throttle': { notHere: 'a test run within this test run' },
  'npm test -- sim/same-trace': { by: 'test/sim/same-trace.test.ts', shows: 'traces.json' },
  'npm run unit': { in: 'proof', as: 'npm run unit -- test/units.test.ts', says: /passed/ },
  "npm run e2e -- test/e2e/eap.test.ts -t 'PEAP'": {
    in: 'proof',
    as: "npm run e2e -- test/e2e/openapi.test.ts -t 'no such test'",
    says: /skipped/,
  },
  'npm run check': { notHere: 'the first part of this test run' },
  'npm run docs': { by: 'test/config/generated.test.ts', shows: 'docs/configuration.md' },
  'scripts/node24 scripts/hidden-attributes.ts /usr/share/freeradius': {
    by: 'test/radius/vendors/hidden-dictionary.test.ts',
    shows: 'hiddenDictionary',
  },

  // Measurements, in a short form where there is one
  'scripts/node24 bench/failover-table.ts': { by: 'test/sim/failover-table.test.ts', shows: 'bench/failover' },
  'scripts/node24 bench/overload.ts --table patience': { by: `${OVERLOAD}/patience-table.test.ts`, shows: 'overload' },
  'scripts/node24 bench/overload.ts --table fairness': { by: `${OVERLOAD}/fairness-table.test.ts`, shows: 'overload' },
  'scripts/node24 bench/pace.ts': { by: 'test/sim/pace.test.ts', shows: 'bench/pace' },
  'scripts/node24 bench/mutated.ts': { in: 'bench', as: `${MUTATED} --count 200 --sockets 0`, says: /PASS/ },
  [`${MUTATED} --count 0 --sockets 1000000`]: { by: 'test/e2e/mutated.test.ts', shows: 'runSockets' },
  'scripts/node24 bench/poison.ts --quick --kinds': { by: 'test/e2e/poison.test.ts', shows: 'QUICK' },
  'scripts/node24 bench/poison.ts --full --kinds': { by: 'test/e2e/poison.test.ts', shows: 'QUICK' },
  'scripts/node24 bench/view-cost.ts': { in: 'bench', says: /each more part/ },
  'scripts/node24 bench/scrape-cost.ts': {
    in: 'bench',
    as: 'scripts/node24 bench/scrape-cost.ts 10 off',
    says: /off: \/status/,
  },
  'scripts/node24 bench/many-clients.ts': {
    in: 'bench',
    as: 'scripts/node24 bench/many-clients.ts --clients 10 --runs 1',
    says: /reload, one client changed/,
  },
  'scripts/node24 bench/start-cost.ts --against DIRECTORY': { notHere: 'needs a second checkout' },
  'scripts/node24 bench/start-cost.ts': {
    in: 'bench',
    as: 'scripts/node24 bench/start-cost.ts --rounds 1 --only=--version',
    says: /--version/,
  },
  'scripts/node24 bench/fairness-cost.ts': {
    in: 'bench',
    as: 'scripts/node24 bench/fairness-cost.ts --requests 200 --rounds 1',
    says: /1,000 clients, 20 of each wait/,
  },
  'scripts/node24 bench/engine-cost.ts': {
    in: 'bench',
    as: 'scripts/node24 bench/engine-cost.ts --requests 100 --class accounting',
    says: /accounting: \d+ ns/,
  },
  'scripts/node24 bench/engine-cost.ts --rate 10000': { notHere: LONG },
  'CROWD=1000000 npm test -- sim/steps': { by: 'test/sim/crowd.ts', shows: 'CROWD' },
  'scripts/node24 bench/engine-cost.ts --crowds': { by: 'test/sim/steps.test.ts', shows: 'steps' },
  'scripts/node24 bench/engine-memory.ts': { notHere: LONG },
  'scripts/node24 --max-semi-space-size=8 bench/engine-memory.ts': { notHere: LONG },
  'scripts/node24 bench/rewrite-cost.ts': {
    in: 'bench',
    as: 'scripts/node24 bench/rewrite-cost.ts --calls 10',
    says: /accounting response: \d+ ns/,
  },
  'scripts/node24 bench/sessions-memory.ts': {
    in: 'bench',
    as: 'scripts/node24 bench/sessions-memory.ts 100',
    says: /octets each/,
  },
  'scripts/node24 bench/tracking-cost.ts': { notHere: LONG },
  'scripts/node24 bench/storm.ts': { in: 'bench', as: 'scripts/node24 bench/storm.ts --help', says: /usage/ },
  'scripts/node24 bench/storm.ts --through-only': {
    in: 'bench',
    as: 'scripts/node24 bench/storm.ts --through-only --sessions 200 --seconds 4 --json none.json',
    says: /200/,
  },
  'scripts/node24 bench/storm.ts --help': { in: 'bench', says: /usage/ },
  'npm run agreement': { in: 'bench', as: 'npm run agreement -- --help', says: /usage/ },
  'npm run agreement -- --capacity 20 --max-rate 20 --seconds 200 --json bench/results/local/agreement.json': {
    notHere: LONG,
  },
  'npm run bench -- --quick': { by: 'test/e2e/bench.test.ts', shows: 'bench/load/measurement' },
  'npm run bench -- --full': { by: 'test/e2e/bench.test.ts', shows: 'bench/load/measurement' },
  ...Object.fromEntries(
    [
      '--scenario tracking --full --rounds 4',
      '--quick --rounds 5 --scenario compare --kinds accounting',
      '--full --scenario tail --relays radsluice-batched-at-once,radsluice-batched,radsecproxy',
      '--full --scenario throttled',
      '--full --scenario million',
      '--quick --rounds 5 --scenario instances --kinds accounting',
      '--full --scenario scrape',
      '--full --scenario reload',
      '--scenario million',
      '--full --scenario compare',
      '--full --scenario tail',
      '--full --scenario idle',
      '--quick --rounds 5 --scenario idle',
      '--quick --rounds 1 --scenario compare --kinds accounting --relays radsluice-batched',
      '--full --scenario soak',
      '--full --scenario soak --rate 37400',
      '--scenario soak --rate 40000',
      '--full --scenario instances',
      '--full --scenario tracking',
    ].map((words) => [`npm run bench -- ${words}`, { notHere: LONG }]),
  ),
}
