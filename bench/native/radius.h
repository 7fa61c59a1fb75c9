/*
 * What generator, sink and relay share: MD5 and HMAC-MD5, clocks, options, sockets of loopback, time stamps.
 *
 * Everything is bounded: options have limits, sockets stand on loopback (no other address can be given), and a program
 * dies with the process that started it. MD5 is written out after RFC 1321. To be compiled with -D_GNU_SOURCE.
 */
#ifndef BENCH_RADIUS_H
#define BENCH_RADIUS_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ACCESS_REQUEST = 1, ACCESS_ACCEPT = 2, ACCOUNTING_REQUEST = 4, ACCOUNTING_RESPONSE = 5, STATUS_SERVER = 12 };
enum { USER_NAME = 1, USER_PASSWORD = 2, CLASS = 25, VENDOR_SPECIFIC = 26, MESSAGE_AUTHENTICATOR = 80 };
enum { LONGEST = 1024, BATCH = 64, BUFFER_OCTETS = 4 * 1024 * 1024 };

static const char PASSWORD[] = "wonderland";

/* ---- MD5 (RFC 1321) and HMAC-MD5 (RFC 2104) ---- */

typedef struct {
  uint32_t state[4];
  uint64_t octets;
  uint8_t block[64];
} Md5;

static const uint32_t MD5_SINES[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
static const uint8_t MD5_SHIFTS[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};

static inline __attribute__((optimize("unroll-loops"))) void md5_block(uint32_t state[4], const uint8_t *block) {
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], word[16];
  memcpy(word, block, 64); /* Little-endian machines only, as those that this bench is for. */
  for (int i = 0; i < 64; i += 1) {
    int round = i / 16;
    uint32_t mixed = round == 0 ? (d ^ (b & (c ^ d))) : round == 1 ? (c ^ (d & (b ^ c))) : round == 2 ? (b ^ c ^ d) : (c ^ (b | ~d));
    int index = round == 0 ? i : round == 1 ? (5 * i + 1) & 15 : round == 2 ? (3 * i + 5) & 15 : (7 * i) & 15;
    uint32_t sum = a + mixed + MD5_SINES[i] + word[index];
    int shift = MD5_SHIFTS[round * 4 + (i & 3)];
    a = d;
    d = c;
    c = b;
    b += (sum << shift) | (sum >> (32 - shift));
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

static inline void md5_begin(Md5 *md5) {
  md5->state[0] = 0x67452301;
  md5->state[1] = 0xefcdab89;
  md5->state[2] = 0x98badcfe;
  md5->state[3] = 0x10325476;
  md5->octets = 0;
}

static inline void md5_add(Md5 *md5, const void *octets, size_t count) {
  const uint8_t *from = octets;
  size_t held = md5->octets & 63;
  md5->octets += count;
  while (count > 0) {
    if (held == 0 && count >= 64) {
      md5_block(md5->state, from);
      from += 64;
      count -= 64;
      continue;
    }
    size_t some = 64 - held < count ? 64 - held : count;
    memcpy(md5->block + held, from, some);
    from += some;
    count -= some;
    held = (held + some) & 63;
    if (held == 0) md5_block(md5->state, md5->block);
  }
}

static inline void md5_end(Md5 *md5, uint8_t digest[16]) {
  uint64_t bits = md5->octets * 8;
  size_t held = md5->octets & 63;
  md5->block[held] = 0x80;
  memset(md5->block + held + 1, 0, 63 - held);
  if (held >= 56) {
    md5_block(md5->state, md5->block);
    memset(md5->block, 0, 56);
  }
  memcpy(md5->block + 56, &bits, 8);
  md5_block(md5->state, md5->block);
  memcpy(digest, md5->state, 16);
}

/* A shared secret and the two states that every HMAC under it begins with. */
typedef struct {
  const char *text;
  size_t octets;
  Md5 inner, outer;
} Secret;

static inline Secret secret_of(const char *text) {
  Secret secret = {.text = text, .octets = strlen(text)};
  uint8_t pad[64] = {0};
  if (secret.octets > 64) {
    fprintf(stderr, "bench: the secret is longer than 64 octets; give a shorter one\n");
    exit(2);
  }
  memcpy(pad, text, secret.octets);
  for (int i = 0; i < 64; i += 1) pad[i] ^= 0x36;
  md5_begin(&secret.inner);
  md5_add(&secret.inner, pad, 64);
  for (int i = 0; i < 64; i += 1) pad[i] ^= 0x36 ^ 0x5c;
  md5_begin(&secret.outer);
  md5_add(&secret.outer, pad, 64);
  return secret;
}

static inline void hmac_end(const Secret *secret, Md5 *inner, uint8_t digest[16]) {
  Md5 outer = secret->outer;
  md5_end(inner, digest);
  md5_add(&outer, digest, 16);
  md5_end(&outer, digest);
}

/* MD5 over the packet with `authenticator` in its place, then the secret: RFC 2865 section 3, RFC 2866 section 3. */
static inline void packet_digest(const Secret *secret, const uint8_t *packet, size_t length,
                                 const uint8_t authenticator[16], uint8_t digest[16]) {
  Md5 md5;
  md5_begin(&md5);
  md5_add(&md5, packet, 4);
  md5_add(&md5, authenticator, 16);
  md5_add(&md5, packet + 20, length - 20);
  md5_add(&md5, secret->text, secret->octets);
  md5_end(&md5, digest);
}

/* RFC 3579 section 3.2: HMAC over the packet with `authenticator` in its place and zeros at `at`. */
static inline void message_authenticator(const Secret *secret, const uint8_t *packet, size_t length,
                                         const uint8_t authenticator[16], size_t at, uint8_t digest[16]) {
  static const uint8_t ZEROS[16];
  Md5 md5 = secret->inner;
  md5_add(&md5, packet, 4);
  md5_add(&md5, authenticator, 16);
  md5_add(&md5, packet + 20, at - 20);
  md5_add(&md5, ZEROS, 16);
  md5_add(&md5, packet + at + 16, length - at - 16);
  hmac_end(secret, &md5, digest);
}

static inline size_t length_of(const uint8_t *packet) { return (size_t)packet[2] << 8 | packet[3]; }

/* Where the value of the first attribute of this type begins, its octets in `*octets`; 0 where there is none. */
static inline size_t find_attribute(const uint8_t *packet, size_t length, int type, size_t *octets) {
  for (size_t at = 20; at + 2 <= length && packet[at + 1] >= 2; at += packet[at + 1]) {
    if (packet[at] != type || at + packet[at + 1] > length) continue;
    *octets = packet[at + 1] - 2u;
    return at + 2;
  }
  return 0;
}

/* ---- clocks ---- */

static inline int64_t nanos_of(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1000000000ll + now.tv_nsec;
}
static inline int64_t monotonic(void) { return nanos_of(CLOCK_MONOTONIC); }

/* What to add to a kernel time stamp (the wall clock) to get the monotonic clock; the closest of three readings. */
static inline int64_t monotonic_less_wall(void) {
  int64_t best = INT64_MAX, answer = 0;
  for (int i = 0; i < 3; i += 1) {
    int64_t before = monotonic(), wall = nanos_of(CLOCK_REALTIME), after = monotonic();
    if (after - before < best) {
      best = after - before;
      answer = before + (after - before) / 2 - wall;
    }
  }
  return answer;
}

static inline double cpu_seconds(void) {
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  return use.ru_utime.tv_sec + use.ru_stime.tv_sec + (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

/* ---- options: `--name value`, each known to the program and within its limits ---- */

static int options_read;

static inline const char *text_option(int argc, char **argv, const char *name, const char *fallback) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], name) != 0) continue;
    options_read += 2;
    return argv[i + 1];
  }
  return fallback;
}

static inline double number_option(int argc, char **argv, const char *name, double fallback, double least, double most) {
  const char *text = text_option(argc, argv, name, NULL);
  char *end = NULL;
  double value = text == NULL ? fallback : strtod(text, &end);
  if (text != NULL && (end == text || *end != 0 || !(value >= least && value <= most))) {
    fprintf(stderr, "bench: %s is a number from %g to %g, not \"%s\"\n", name, least, most, text);
    exit(2);
  }
  return value;
}

/* After all options were asked for: is there a word that nobody asked for? */
static inline void no_other_options(int argc) {
  if (options_read == argc - 1) return;
  fprintf(stderr, "bench: an unknown option, a missing value, or an option twice; see the head of the program's source\n");
  exit(2);
}

/* Bench processes do not outlive the one that started them. */
static inline void die_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

/* ---- sockets ---- */

static inline struct sockaddr_in loopback(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static inline void give_up(const char *what) {
  fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
  exit(1);
}

/* The first of many source addresses: 127.1.0.1. */
enum { FIRST_ADDRESS = 0x7f010001 };

/* A UDP socket at an address of loopback with a 4 MiB receive buffer (where the system allows) and the kernel's time stamps. */
static inline int udp_socket_at(uint32_t host, int port) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = loopback(port);
  address.sin_addr.s_addr = htonl(host);
  int octets = BUFFER_OCTETS, on = 1;
  if (fd < 0) give_up("no socket; raise the limit of open files (ulimit -n)");
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) != 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) give_up("loopback does not take the port");
  return fd;
}
static inline int udp_socket(int port) { return udp_socket_at(INADDR_LOOPBACK, port); }

static inline void connect_to(int fd, int port) {
  struct sockaddr_in address = loopback(port);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) give_up("cannot connect a socket");
}

/* Datagrams that the kernel dropped at this socket because its buffer was full. */
static inline uint32_t kernel_drops(int fd) {
  uint32_t memory[SK_MEMINFO_VARS] = {0};
  socklen_t octets = sizeof memory;
  if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &octets) != 0) return 0;
  return memory[SK_MEMINFO_DROPS];
}

/* A batch of datagrams to receive into, with room for addresses and time stamps. */
typedef struct {
  struct mmsghdr headers[BATCH];
  struct iovec vectors[BATCH];
  struct sockaddr_in from[BATCH];
  char control[BATCH][64];
  uint8_t octets[BATCH][LONGEST];
} Inbox;

static inline int receive(int fd, Inbox *inbox) {
  for (int i = 0; i < BATCH; i += 1) {
    inbox->vectors[i] = (struct iovec){inbox->octets[i], LONGEST};
    inbox->headers[i].msg_hdr = (struct msghdr){.msg_name = &inbox->from[i],
                                                .msg_namelen = sizeof inbox->from[i],
                                                .msg_iov = &inbox->vectors[i],
                                                .msg_iovlen = 1,
                                                .msg_control = inbox->control[i],
                                                .msg_controllen = sizeof inbox->control[i]};
  }
  return recvmmsg(fd, inbox->headers, BATCH, MSG_DONTWAIT, NULL);
}

/* When datagram `i` passed the interface, on the monotonic clock. */
static inline int64_t arrival(Inbox *inbox, int i, int64_t monotonic_less) {
  struct msghdr *header = &inbox->headers[i].msg_hdr;
  for (struct cmsghdr *one = CMSG_FIRSTHDR(header); one != NULL; one = CMSG_NXTHDR(header, one)) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_TIMESTAMPNS) continue;
    struct timespec at;
    memcpy(&at, CMSG_DATA(one), sizeof at);
    return at.tv_sec * 1000000000ll + at.tv_nsec + monotonic_less;
  }
  return monotonic();
}

/* A batch of datagrams to send; `to` is NULL at a connected socket. Answers how many went. */
typedef struct {
  struct mmsghdr headers[BATCH];
  struct iovec vectors[BATCH];
  int count;
} Outbox;

static inline void post(Outbox *outbox, void *octets, size_t length, struct sockaddr_in *to) {
  int i = outbox->count++;
  outbox->vectors[i] = (struct iovec){octets, length};
  outbox->headers[i].msg_hdr = (struct msghdr){.msg_name = to,
                                               .msg_namelen = to == NULL ? 0 : sizeof *to,
                                               .msg_iov = &outbox->vectors[i],
                                               .msg_iovlen = 1};
}

/* A refusal that an earlier datagram met is reported by the next call: that call is made again. */
static inline int send_all(int fd, Outbox *outbox) {
  int sent = 0, tries = 0;
  while (sent < outbox->count && tries < BATCH) {
    int some = sendmmsg(fd, outbox->headers + sent, (unsigned)(outbox->count - sent), 0);
    if (some > 0) sent += some;
    else tries += 1;
  }
  outbox->count = 0;
  return sent;
}

#endif
