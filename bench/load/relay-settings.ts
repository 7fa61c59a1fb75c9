/**
 * The configurations of radsluice and its peers, each as its operator would write it for this load: no log of single requests,
 * enough threads and identifiers, one secret, one server.
 */
export interface RelayPorts {
  readonly access: number
  readonly accounting: number
  readonly admin: number
}

export interface ServerPorts {
  readonly access: number
  readonly accounting: number
}

export const SECRET = 'between-generator-and-sink'

/** A part of radsluice's configuration, as plain values. */
export interface Settings {
  readonly [key: string]: unknown
}

/** radsluice's configuration: its defaults but for `more`. YAML contains JSON, so JSON it is. */
export function radsluiceSettings(ports: RelayPorts, server: ServerPorts, more: Settings = {}): string {
  const settings = {
    listen: {
      authentication: [`127.0.0.1:${ports.access}`],
      accounting: [`127.0.0.1:${ports.accounting}`],
    },
    admin: { listen: `127.0.0.1:${ports.admin}` },
    clients: [{ name: 'generator', address: '127.0.0.0/8', secret: SECRET }],
    farm: { servers: [serverEntry('sink', server)] },
  }
  return JSON.stringify(merged(settings, more), null, 2)
}

export const serverEntry = (name: string, { access, accounting }: ServerPorts): Settings => ({
  name,
  address: '127.0.0.1',
  secret: SECRET,
  authentication: { port: access },
  accounting: { port: accounting },
})

/** `more` over `settings`, mapping by mapping; lists are replaced whole. */
export function merged(settings: Settings, more: Settings): Settings {
  const answer: Record<string, unknown> = { ...settings }
  for (const [key, value] of Object.entries(more)) {
    const there = answer[key]
    answer[key] = isMapping(there) && isMapping(value) ? merged(there, value) : value
  }
  return answer
}

const isMapping = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** radsecproxy, UDP to UDP. It has 256 identifiers for a server and no setting for more. */
export const radsecproxySettings = (ports: RelayPorts, server: ServerPorts): string => `
ListenUDP 127.0.0.1:${ports.access}
ListenUDP 127.0.0.1:${ports.accounting}
IPv4Only on
LogLevel 1
LoopPrevention off
client generator {
	type udp
	host 127.0.0.1
	secret ${SECRET}
}
server access {
	type udp
	host 127.0.0.1
	port ${server.access}
	secret ${SECRET}
	statusServer off
}
server accounting {
	type udp
	host 127.0.0.1
	port ${server.accounting}
	secret ${SECRET}
	statusServer off
}
realm * {
	server access
	accountingServer accounting
}
`

/** FreeRADIUS 3 as a proxy and nothing else: no modules but what sends the request on, no log of requests. */
export const freeradiusSettings = (folder: string, ports: RelayPorts, server: ServerPorts): string => `
prefix = /usr
libdir = /usr/lib/freeradius
raddbdir = ${folder}
confdir = ${folder}
logdir = ${folder}
run_dir = ${folder}
name = radsluice-bench
max_request_time = 30
cleanup_delay = 2
max_requests = 1048576
hostname_lookups = no
log {
	destination = stdout
	auth = no
}
security {
	allow_core_dumps = no
	max_attributes = 200
	reject_delay = 0
	status_server = no
}
proxy_requests = yes
client generator {
	ipaddr = 127.0.0.0/8
	secret = "${SECRET}"
	require_message_authenticator = no
}
thread pool {
	start_servers = 8
	max_servers = 32
	min_spare_servers = 4
	max_spare_servers = 32
	max_requests_per_server = 0
	max_queue_size = 65536
}
proxy server {
	retry_delay = 3
	retry_count = 1
	default_fallback = no
}
${['access', 'accounting'].map((each) => homeServer(each as keyof ServerPorts, server)).join('')}
realm sink {
	auth_pool = access
	acct_pool = accounting
	nostrip
}
modules {
	always ok {
		rcode = ok
	}
}
server default {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = ${ports.access}
	}
	listen {
		type = acct
		ipaddr = 127.0.0.1
		port = ${ports.accounting}
	}
	authorize {
		update control {
			&Proxy-To-Realm := "sink"
		}
	}
	preacct {
		update control {
			&Proxy-To-Realm := "sink"
		}
	}
	authenticate {
	}
	accounting {
		ok
	}
	pre-proxy {
	}
	post-proxy {
	}
}
`

const homeServer = (each: keyof ServerPorts, server: ServerPorts): string => `
home_server ${each} {
	type = ${each === 'access' ? 'auth' : 'acct'}
	ipaddr = 127.0.0.1
	port = ${server[each]}
	secret = "${SECRET}"
	response_window = 20
	zombie_period = 40
	status_check = none
	max_outstanding = 65536
}
home_server_pool ${each} {
	type = fail-over
	home_server = ${each}
}
`
