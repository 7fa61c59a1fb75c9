/**
 * The numbers of RADIUS that the packet path reads by name: packet codes, attribute types, fixed lengths.
 *
 * Only those: everything else is passed on without being understood, and `names.io.ts` knows the rest for people.
 */

/** Packet codes (RFC 2865 section 3, RFC 2866 section 3, RFC 5997 section 2). */
export const ACCESS_REQUEST = 1
export const ACCESS_ACCEPT = 2
export const ACCESS_REJECT = 3
export const ACCOUNTING_REQUEST = 4
export const ACCOUNTING_RESPONSE = 5
export const ACCESS_CHALLENGE = 11
export const STATUS_SERVER = 12

/** Attribute types. */
export const USER_PASSWORD = 2
export const CHAP_PASSWORD = 3
export const NAS_IP_ADDRESS = 4
export const REPLY_MESSAGE = 18
export const STATE = 24
export const VENDOR_SPECIFIC = 26
export const NAS_IDENTIFIER = 32
export const PROXY_STATE = 33
export const ACCT_STATUS_TYPE = 40
export const ACCT_DELAY_TIME = 41
export const EVENT_TIMESTAMP = 55
export const CHAP_CHALLENGE = 60
export const TUNNEL_PASSWORD = 69
export const ARAP_PASSWORD = 70
export const EAP_MESSAGE = 79
export const MESSAGE_AUTHENTICATOR = 80
export const NAS_IPV6_ADDRESS = 95

/** Code, identifier, length and authenticator: where the first attribute begins, and the shortest packet. */
export const HEADER_LENGTH = 20
/** RFC 2865 section 3: no packet is longer. */
export const MAX_PACKET_LENGTH = 4096
/** Octets 4 to 20 of every packet. */
export const AUTHENTICATOR_AT = 4
export const AUTHENTICATOR_LENGTH = 16
/** Of a Vendor-Specific attribute: type, length and four octets of vendor (RFC 2865 section 5.26). */
export const VENDOR_HEADER_LENGTH = 6
/** Type, length and four octets: an attribute that is a number or an IPv4 address. */
export const NUMBER_ATTRIBUTE_LENGTH = 6
/** Type, length and 16 octets (RFC 3579 section 3.2). */
export const MESSAGE_AUTHENTICATOR_LENGTH = 18
