/**
 * Which addresses this machine has now: what a wildcard listener expands to, and what a configuration is checked against.
 *
 * The system lists the addresses of interfaces that are up. It may allow others too (127.0.0.2, an interface without a
 * carrier, `ip_nonlocal_bind`), so whether a socket can be opened is known by opening it.
 */
import { networkInterfaces } from 'node:os'

const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address)

/** All addresses of all interfaces, each once, without zones. */
export const localAddresses = (): string[] => [
  ...new Set(Object.values(networkInterfaces()).flatMap((of) => (of ?? []).map(({ address }) => address))),
]

/** Loopback included; IPv6 link-local ones are not (they mean nothing without a zone). */
export const addressesOfThisMachine = (): string[] => localAddresses().filter((address) => !isLinkLocal(address))
