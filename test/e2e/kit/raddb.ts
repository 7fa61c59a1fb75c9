/**
 * A minimal FreeRADIUS 3.2 configuration, written for one test into a folder of its own.
 *
 * It holds what the tests need and nothing else: PAP, CHAP, a challenge, EAP-MD5, EAP-TTLS and PEAP with a
 * certificate made on the spot, accounting into a detail file, Status-Server on both ports, one client entry. The
 * machine's own /etc/freeradius is neither read nor written. docs/freeradius.md explains the same settings to an
 * operator.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { peerPath } from './peers.ts'

export interface RaddbOptions {
  readonly authPort: number
  readonly acctPort: number
  readonly secret: string
  /** The client entry's `require_message_authenticator`. */
  readonly requireMessageAuthenticator: 'yes' | 'no'
  /** More entries of the users file. */
  readonly users: string
  readonly dictionary: string
}

/** Users of every test farm; the names say what they get. */
export const USERS = {
  alice: 'wonderland',
  /** Gets an Access-Challenge first; then the answer `42` to it, in a User-Password, is right. */
  challenged: '42',
  /** Gets a Tunnel-Password, RFC 2868 section 3.5. */
  tunnelled: 'through-the-rabbit-hole',
  mad: 'hatter',
} as const
/** A realm of which no user is ever answered, as if its own server were dead behind this one. */
export const SILENT_REALM = 'dead.example'
/** Records of sessions that begin so end in `noop`, and a server does not answer those. */
export const SILENT_SESSION = 'poison'
export const TUNNEL_PASSWORD = 'a tunnel secret of 29 octets.'

export const writeRaddb = (folder: string, options: RaddbOptions): void => {
  for (const part of ['certs', 'log', 'run']) mkdirSync(join(folder, part), { recursive: true })
  makeCertificate(join(folder, 'certs'))
  writeFileSync(join(folder, 'dictionary'), options.dictionary)
  writeFileSync(join(folder, 'users'), `${usersFile()}${options.users}`)
  writeFileSync(
    join(folder, 'radiusd.conf'),
    `${mainPart(folder, options)}${modulesPart(folder)}${serversPart(options)}`,
  )
}

let made: readonly Buffer[] | undefined

/**
 * Self-signed, RSA, valid for two days: FreeRADIUS wants a certificate before it offers TTLS or PEAP. To make one is work, so
 * all the servers of a test file have the same.
 */
const makeCertificate = (folder: string): void => {
  const files = ['server.key', 'server.pem'] as const
  if (made !== undefined) {
    for (const [n, name] of files.entries()) writeFileSync(join(folder, name), made[n] as Buffer, { mode: 0o600 })
    return
  }
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=radsluice.test']
  const asked = spawnSync(
    peerPath('openssl'),
    [...words, '-keyout', join(folder, 'server.key'), '-out', join(folder, 'server.pem')],
    { encoding: 'utf8', timeout: 30_000 },
  )
  if (asked.status !== 0) throw new Error(`openssl made no certificate: ${asked.stderr}`)
  made = files.map((name) => readFileSync(join(folder, name)))
}

const usersFile = (): string => `
alice Cleartext-Password := "${USERS.alice}"
	Class = 0x636c617373,
	Reply-Message = "welcome alice"

challenged Cleartext-Password := "${USERS.challenged}"

tunnelled Cleartext-Password := "${USERS.tunnelled}"
	Tunnel-Type:1 = L2TP,
	Tunnel-Medium-Type:1 = IPv4,
	Tunnel-Password:1 = "${TUNNEL_PASSWORD}"

mad Cleartext-Password := "${USERS.mad}"

`

const mainPart = (folder: string, { secret, requireMessageAuthenticator }: RaddbOptions): string => `
prefix = /usr
libdir = /usr/lib/freeradius
raddbdir = ${folder}
confdir = ${folder}
logdir = ${folder}/log
run_dir = ${folder}/run
name = radsluice-test
max_request_time = 30
cleanup_delay = 5
max_requests = 65536
hostname_lookups = no
log {
	destination = stdout
	auth = yes
	auth_badpass = yes
}
security {
	allow_core_dumps = no
	max_attributes = 200
	reject_delay = 0
	status_server = yes
}
proxy_requests = no
client radsluice {
	ipaddr = 127.0.0.0/8
	secret = "${secret}"
	require_message_authenticator = ${requireMessageAuthenticator}
}
thread pool {
	start_servers = 4
	max_servers = 8
	min_spare_servers = 1
	max_spare_servers = 8
	max_requests_per_server = 0
}
`

const modulesPart = (folder: string): string => `
modules {
	always handled {
		rcode = handled
	}
	always noop {
		rcode = noop
	}
	pap {
	}
	chap {
	}
	mschap {
	}
	files {
		filename = ${folder}/users
	}
	detail {
		filename = ${folder}/log/detail
		permissions = 0600
		header = "%t"
		locking = no
	}
	eap {
		default_eap_type = md5
		timer_expire = 60
		max_sessions = 4096
		md5 {
		}
		mschapv2 {
		}
		tls-config tls-common {
			private_key_file = ${folder}/certs/server.key
			certificate_file = ${folder}/certs/server.pem
			tls_min_version = "1.2"
			tls_max_version = "1.2"
			ecdh_curve = ""
		}
		ttls {
			tls = tls-common
			default_eap_type = md5
			virtual_server = inner
		}
		peap {
			tls = tls-common
			default_eap_type = mschapv2
			virtual_server = inner
		}
	}
}
`

const serversPart = ({ authPort, acctPort }: RaddbOptions): string => `
server default {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = ${authPort}
	}
	listen {
		type = acct
		ipaddr = 127.0.0.1
		port = ${acctPort}
	}
	authorize {
		if (&User-Name =~ /@${SILENT_REALM}$/) {
			update control {
				&Response-Packet-Type := Do-Not-Respond
			}
			handled
		}
		if (&User-Name == "challenged" && !&State) {
			update control {
				&Response-Packet-Type := Access-Challenge
			}
			update reply {
				&State := 0x73746174652d6f662d6368616c6c656e6765
				&Reply-Message := "what is the answer?"
			}
			handled
		}
		chap
		mschap
		eap {
			ok = return
		}
		files
		pap
	}
	authenticate {
		Auth-Type PAP {
			pap
		}
		Auth-Type CHAP {
			chap
		}
		Auth-Type MS-CHAP {
			mschap
		}
		eap
	}
	preacct {
	}
	accounting {
		if (&Acct-Session-Id =~ /^${SILENT_SESSION}/) {
			noop
		}
		else {
			detail
		}
	}
	post-auth {
	}
}
server inner {
	authorize {
		chap
		mschap
		eap {
			ok = return
		}
		files
		pap
	}
	authenticate {
		Auth-Type PAP {
			pap
		}
		Auth-Type CHAP {
			chap
		}
		Auth-Type MS-CHAP {
			mschap
		}
		eap
	}
}
`
