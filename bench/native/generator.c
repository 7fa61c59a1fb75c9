/*
 * The open-loop load generator: it sends at the times of a plan, whatever comes back, and verifies every answer.
 *
 *   generator --secret S [--access-port P] [--accounting-port P] --rate 10000 --seconds 5 [--access-share 0.5]
 *             [--burst 1] [--ports 32] [--addresses 1] [--sessions 0] [--run 1] [--wait 1]
 *
 * Latency is counted from the *intended* moment of sending to the kernel's time stamp of the answer, so neither a stall of
 * the relay nor one of this program hides. Each tick (100 us, or longer where the rate or --burst asks for it) has its
 * share of the requests. A source port is used for 16 in a row, each of its 256 identifiers again as late as possible:
 * a request unanswered by then, or --wait seconds after the last, is lost. Nothing is sent twice. With --sessions N the
 * records belong to N sessions, each a Start and then interims; else each is of a session of its own. With --addresses N the
 * source ports are spread over N addresses of 127.0.0.0/8. A watcher (stalls.h) notices when the machine itself stood still;
 * `latencyUnstalled` leaves out what waited during such a stall. The report is JSON.
 */
#include "histogram.h"
#include "requests.h"
#include "stalls.h"
#include <sys/epoll.h>

enum { IN_A_ROW = 16, MOST_PORTS = 1024, MOST_ADDRESSES = 1024, TICK_NANOS = 100000, STEPS = 36100, STEP_MILLIS = 100 };
/* The kernel divides processor time into user and system by looking each 4 ms (or 1, or 10). At a round rate it would always
   meet the same moment of a relay's work. So the plan runs a thousandth faster than --rate says. */
static const double DRIFT = 1.001;
enum { SLOW_NANOS = STALL_NANOS, MOST_SLOW = 1 << 20 };

/* An answer to one of so many uses of an identifier before the present one is late; an older one can't be told from a wrong one. */
enum { USES = 8 };

typedef struct {
  uint8_t uses[USES][16]; /* Request Authenticators, that of the present use of the identifier first. */
  int64_t intended;            /* -1 where nothing waits for an answer. */
  uint64_t number;
} Slot;

/* The source ports towards one port of the relay, and what was asked there. */
typedef struct {
  int isAccess, ports, fds[MOST_PORTS];
  Slot (*slots)[256];
  uint64_t next, sent, answered, late, again, bad, unproven, superseded, unsent;
} Side;

typedef struct {
  uint32_t sent, answered;
  int64_t worst;
} Step;

static Secret secret;
static Template accessTemplate, accountingTemplate;
/* An answer that took longer than the shortest stall. Whether there was one is known at the end. */
typedef struct {
  int64_t from, to;
} Slow;

static Histogram latency, unstalled, lateness;
static Slow slow[MOST_SLOW];
static int slowCount, addresses;
static Step steps[STEPS];
static Inbox inbox;
static uint64_t randomState = 88172645463325252ull, sessions, run;
static int64_t begin;

static uint64_t random64(void) {
  randomState ^= randomState << 13;
  randomState ^= randomState >> 7;
  return randomState ^= randomState << 17;
}

static Step *step_of(int64_t intended) {
  int64_t step = (intended - begin) / (STEP_MILLIS * 1000000ll);
  return &steps[step < 0 ? 0 : step < STEPS ? step : STEPS - 1];
}

static void open_side(Side *side, int epoll, int isAccess, int port, int ports) {
  side->isAccess = isAccess;
  side->ports = ports;
  side->slots = calloc((size_t)ports, sizeof *side->slots);
  if (side->slots == NULL) give_up("no memory");
  for (int i = 0; i < ports; i += 1) {
    side->fds[i] = udp_socket_at(addresses == 1 ? INADDR_LOOPBACK : FIRST_ADDRESS + (uint32_t)(i % addresses), 0);
    connect_to(side->fds[i], port);
    for (int id = 0; id < 256; id += 1) side->slots[i][id].intended = -1;
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)isAccess << 32 | (uint64_t)i};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, side->fds[i], &event) != 0) give_up("epoll");
  }
}

/* Sends `count` requests that were meant to leave at `intended`. */
static void send_requests(Side *side, int count, int64_t intended) {
  static uint8_t packets[BATCH][LONGEST];
  static Outbox outbox;
  Template *template = side->isAccess ? &accessTemplate : &accountingTemplate;
  while (count > 0) {
    int row = (int)(side->next % IN_A_ROW);
    int some = count < IN_A_ROW - row ? count : IN_A_ROW - row;
    int port = (int)(side->next / IN_A_ROW % (uint64_t)side->ports);
    for (int i = 0; i < some; i += 1, side->next += 1) {
      int id = (int)((side->next / ((uint64_t)side->ports * IN_A_ROW) * IN_A_ROW + side->next % IN_A_ROW) & 255);
      Slot *slot = &side->slots[port][id];
      uint64_t session = sessions == 0 ? side->next : side->next % sessions;
      uint32_t round = sessions == 0 ? 1 : (uint32_t)(side->next / sessions);
      if (slot->intended >= 0) side->superseded += 1;
      memmove(slot->uses[1], slot->uses[0], sizeof slot->uses - sizeof slot->uses[0]);
      slot->intended = intended;
      slot->number = run << 32 | session;
      if (side->isAccess) {
        uint64_t halves[2] = {random64(), random64()};
        make_access(template, &secret, id, slot->number, (uint8_t *)halves);
      } else {
        make_accounting(template, &secret, id, slot->number, round, sessions != 0 && round == 0);
      }
      memcpy(slot->uses[0], template->octets + 4, 16);
      memcpy(packets[i], template->octets, template->length);
      post(&outbox, packets[i], template->length, NULL);
    }
    side->unsent += (uint64_t)(some - send_all(side->fds[port], &outbox));
    side->sent += (uint64_t)some;
    step_of(intended)->sent += (uint32_t)some;
    count -= some;
  }
}

/* Is this answer signed for a request with that authenticator? An Access answer without Message-Authenticator counts as
   `unproven` beside. */
static int is_proven(Side *side, const uint8_t *packet, size_t length, const uint8_t request[16]) {
  uint8_t digest[16];
  size_t octets, at;
  packet_digest(&secret, packet, length, request, digest);
  if (memcmp(digest, packet + 4, 16) != 0) return 0;
  if (!side->isAccess) return 1;
  at = find_attribute(packet, length, MESSAGE_AUTHENTICATOR, &octets);
  if (at == 0) {
    side->unproven += 1;
    return 1;
  }
  message_authenticator(&secret, packet, length, request, at, digest);
  return octets == 16 && memcmp(digest, packet + at, 16) == 0;
}

/* The sink puts the User-Name it saw into Class: an answer that was meant for somebody else is found by it. */
static int is_for(const Slot *slot, const uint8_t *packet, size_t length) {
  uint8_t digits[DIGITS];
  size_t octets, at = find_attribute(packet, length, CLASS, &octets);
  put_digits(digits, slot->number);
  return at != 0 && octets > DIGITS + 5 && memcmp(packet + at + 5, digits, DIGITS) == 0;
}

/* Is this the answer to an earlier use of the identifier? */
static int is_late(Side *side, const Slot *slot, const uint8_t *packet, size_t length) {
  static const uint8_t NEVER[16];
  for (int i = 1; i < USES && memcmp(slot->uses[i], NEVER, 16) != 0; i += 1) {
    if (is_proven(side, packet, length, slot->uses[i])) return 1;
  }
  return 0;
}

static void judge(Side *side, int port, const uint8_t *packet, size_t received, int64_t at) {
  if (received < 20 || length_of(packet) > received || length_of(packet) < 20) {
    side->bad += 1;
    return;
  }
  Slot *slot = &side->slots[port][packet[1]];
  size_t length = length_of(packet);
  int isRight = packet[0] == (side->isAccess ? ACCESS_ACCEPT : ACCOUNTING_RESPONSE);
  if (isRight && is_proven(side, packet, length, slot->uses[0]) && (!side->isAccess || is_for(slot, packet, length))) {
    if (slot->intended < 0) {
      side->again += 1;
      return;
    }
    int64_t micros = (at - slot->intended) / 1000;
    Step *step = step_of(slot->intended);
    note(&latency, micros);
    if (at - slot->intended < SLOW_NANOS || slowCount == MOST_SLOW) note(&unstalled, micros);
    else slow[slowCount++] = (Slow){slot->intended, at};
    if (micros > step->worst) step->worst = micros;
    step->answered += 1;
    side->answered += 1;
    slot->intended = -1;
  } else if (isRight && is_late(side, slot, packet, length)) {
    side->late += 1;
  } else {
    side->bad += 1;
  }
}

static void receive_answers(Side *side, int port, int64_t monotonicLess) {
  int count;
  do {
    count = receive(side->fds[port], &inbox);
    for (int i = 0; i < count; i += 1) {
      judge(side, port, inbox.octets[i], inbox.headers[i].msg_len, arrival(&inbox, i, monotonicLess));
    }
  } while (count == BATCH);
}

static void print_side(const char *name, const Side *side) {
  uint64_t drops = 0, open = side->sent - side->answered;
  for (int i = 0; i < side->ports; i += 1) drops += kernel_drops(side->fds[i]);
  printf("\"%s\":{\"sent\":%llu,\"answered\":%llu,\"lost\":%llu,\"late\":%llu,\"again\":%llu,\"bad\":%llu,\"unproven\":%llu,"
         "\"superseded\":%llu,\"unsent\":%llu,\"kernelDrops\":%llu},",
         name, (unsigned long long)side->sent, (unsigned long long)side->answered, (unsigned long long)open,
         (unsigned long long)side->late, (unsigned long long)side->again, (unsigned long long)side->bad,
         (unsigned long long)side->unproven, (unsigned long long)side->superseded, (unsigned long long)side->unsent,
         (unsigned long long)drops);
}

static void print_steps(double seconds) {
  int count = (int)(seconds * 1000 / STEP_MILLIS + 0.999);
  printf("\"stepMillis\":%d,\"steps\":[", STEP_MILLIS);
  for (int i = 0; i < count && i < STEPS; i += 1) {
    printf("%s[%u,%u,%lld]", i == 0 ? "" : ",", steps[i].sent, steps[i].answered, (long long)steps[i].worst);
  }
  printf("]");
}

int main(int argc, char **argv) {
  static Side access, accounting;
  const char *secretText = text_option(argc, argv, "--secret", "");
  int accessPort = (int)number_option(argc, argv, "--access-port", 0, 0, 65535);
  int accountingPort = (int)number_option(argc, argv, "--accounting-port", 0, 0, 65535);
  double rate = number_option(argc, argv, "--rate", 1000, 1, 500000);
  double seconds = number_option(argc, argv, "--seconds", 1, 0.01, 3600);
  double wait = number_option(argc, argv, "--wait", 1, 0, 600);
  double burst = number_option(argc, argv, "--burst", 1, 1, 100000);
  double share = number_option(argc, argv, "--access-share", accountingPort == 0 ? 1 : accessPort == 0 ? 0 : 0.5, 0, 1);
  int ports = (int)number_option(argc, argv, "--ports", 32, 1, MOST_PORTS);
  addresses = (int)number_option(argc, argv, "--addresses", 1, 1, MOST_ADDRESSES);
  sessions = (uint64_t)number_option(argc, argv, "--sessions", 0, 0, 1e8);
  run = (uint64_t)number_option(argc, argv, "--run", 1, 0, 4294967295.0);
  no_other_options(argc);
  if ((share > 0 && accessPort == 0) || (share < 1 && accountingPort == 0)) {
    fprintf(stderr, "bench: the generator needs --access-port and --accounting-port for what --access-share asks for\n");
    return 2;
  }
  die_with_parent();
  prctl(PR_SET_TIMERSLACK, 1000ul);
  secret = secret_of(secretText);
  accessTemplate = access_template();
  accountingTemplate = accounting_template();
  randomState ^= (uint64_t)monotonic() * 0x9e3779b97f4a7c15ull;

  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (share > 0) open_side(&access, epoll, 1, accessPort, ports);
  if (share < 1) open_side(&accounting, epoll, 0, accountingPort, ports);

  /* Tick k stands at begin + k x tick, and by then (k + 1) x perTick requests have left in all. */
  double perTick = burst > rate * TICK_NANOS / 1e9 ? burst : rate * TICK_NANOS / 1e9;
  double tickNanos = perTick / (rate * DRIFT) * 1e9;
  uint64_t total = (uint64_t)(rate * seconds + 0.5), planned = 0, planAccess = 0, tick = 0;
  start_watching();
  begin = monotonic() + 5000000;
  struct epoll_event events[64];
  int64_t end = begin + (int64_t)((seconds + wait) * 1e9), offset = monotonic_less_wall(), offsetAt = begin;
  double cpuBefore = cpu_seconds();
  for (;;) {
    int64_t now = monotonic();
    while (planned < total) {
      int64_t intended = begin + (int64_t)((double)tick * tickNanos);
      if (intended > now) break;
      uint64_t upTo = (uint64_t)((double)(tick + 1) * perTick + 1e-6);
      if (upTo > total) upTo = total;
      uint64_t accessUpTo = (uint64_t)((double)upTo * share + 0.5);
      int toAccess = (int)(accessUpTo - planAccess), toAccounting = (int)(upTo - planned) - toAccess;
      if (upTo > planned) note(&lateness, (now - intended) / 1000);
      if (toAccess > 0) send_requests(&access, toAccess, intended);
      if (toAccounting > 0) send_requests(&accounting, toAccounting, intended);
      planned = upTo;
      planAccess = accessUpTo;
      tick += 1;
      now = monotonic();
    }
    int isAllBack = planned == total && access.answered + accounting.answered == total;
    if (isAllBack || now >= end) break;
    if (now - offsetAt > 100000000) {
      offset = monotonic_less_wall();
      offsetAt = now;
    }
    int64_t next = planned < total ? begin + (int64_t)((double)tick * tickNanos) : end, rest = next - monotonic();
    struct timespec patience = {0, rest < 0 ? 0 : rest < 100000000 ? rest : 100000000};
    int count = epoll_pwait2(epoll, events, 64, &patience, NULL);
    for (int i = 0; i < count; i += 1) {
      receive_answers(events[i].data.u64 >> 32 ? &access : &accounting, (int)(events[i].data.u64 & 0xffffffff), offset);
    }
  }
  double cpu = cpu_seconds() - cpuBefore, wall = (monotonic() - begin) / 1e9;
  stop_watching();
  for (int i = 0; i < slowCount; i += 1) {
    if (!is_stalled(slow[i].from, slow[i].to)) note(&unstalled, (slow[i].to - slow[i].from) / 1000);
  }
  printf("{\"rate\":%g,\"seconds\":%g,\"wallSeconds\":%.3f,\"cpuSeconds\":%.3f,", rate, seconds, wall, cpu);
  print_side("access", &access);
  print_side("accounting", &accounting);
  print_histogram("latency", &latency);
  printf(",");
  print_histogram("latencyUnstalled", &unstalled);
  printf(",");
  print_histogram("lateness", &lateness);
  printf(",");
  print_stalls(begin);
  printf(",");
  print_steps(seconds);
  printf("}\n");
  return 0;
}
