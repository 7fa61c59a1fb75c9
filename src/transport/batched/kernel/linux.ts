/**
 * Numbers of the Linux interface, for 64-bit machines with little-endian order (x64, arm64): include/uapi/asm-generic of the
 * kernel, man 2 recvmmsg, man 7 ip, ipv6, socket, udp, epoll.
 */

export const AF_INET = 2
export const AF_INET6 = 10
export const SOCK_DGRAM = 2
export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000

export const SOL_SOCKET = 1
export const IPPROTO_IP = 0
export const IPPROTO_IPV6 = 41

export const SO_ERROR = 4
export const SO_SNDBUF = 7
export const SO_RCVBUF = 8
export const SO_REUSEPORT = 15
export const SO_SNDBUFFORCE = 32
export const SO_RCVBUFFORCE = 33
export const SO_TIMESTAMPNS = 35
export const SO_ATTACH_REUSEPORT_CBPF = 51
export const SO_MEMINFO = 55
/** Its place among the numbers of SO_MEMINFO: datagrams that the socket dropped. */
export const SK_MEMINFO_DROPS = 8

export const IP_PKTINFO = 8
export const IP_MTU_DISCOVER = 10
export const IP_RECVERR = 11
export const IPV6_MTU_DISCOVER = 23
export const IPV6_RECVERR = 25
export const IPV6_V6ONLY = 26
export const IPV6_RECVPKTINFO = 49
export const IPV6_PKTINFO = 50
/** No DF: a large datagram is fragmented on the way. */
export const PMTUDISC_DONT = 0

export const MSG_DONTWAIT = 0x40
export const MSG_ERRQUEUE = 0x2000
export const MSG_NOSIGNAL = 0x4000

export const EPOLLIN = 1
export const EPOLLERR = 8
export const EPOLL_CLOEXEC = 0o2000000
export const EPOLL_CTL_ADD = 1
export const EPOLL_CTL_DEL = 2
export const EFD_NONBLOCK = 0o4000
export const EFD_CLOEXEC = 0o2000000

export const CLOCK_REALTIME = 0
export const CLOCK_MONOTONIC = 1
export const PR_SET_TIMERSLACK = 29
/** The same number on every architecture; the C library of Debian 11 has no name for it. */
export const SYS_EPOLL_PWAIT2 = 441

export const SIZE_OF = {
  mmsghdr: 64,
  iovec: 16,
  sockaddr: 28,
  timespec: 16,
  cmsghdr: 16,
  inPktinfo: 12,
  in6Pktinfo: 20,
} as const

/** Codes that a system call answers, negated, and that are told apart. */
export const EINTR = 4
export const EAGAIN = 11
export const ENOBUFS = 105
export const ECONNREFUSED = 111
