/*
 * The sink: a RADIUS server that answers every right request, rightly signed, and writes down when each arrived.
 *
 *   sink --secret S --access-port P --accounting-port P [--delay-us 0] [--loss 0] [--capacity 0] [--backlog 10000]
 *        [--silent 0] [--seconds 600] [--record FILE]
 *
 * A request waits --delay-us, and behind those before it where --capacity (a second, 0 is unlimited) is used up; what finds
 * --backlog waiting is dropped, and so is a share of --loss. It verifies authenticators and the password; what is wrong gets no
 * answer. Status-Server is answered like the rest. Words on standard input: `report` prints one line of JSON (counts since the
 * start), `silent` and `talk` stop and start the answers (what arrives in silence is counted and forgotten), the end of the input ends it,
 * and so do --seconds. --record: microseconds of the monotonic clock, from the kernel's time stamps, as 64-bit floats into
 * FILE.access and FILE.accounting; first transmissions, retries and all. `reordered` counts requests of the generator whose
 * number (its digits in User-Name) is not above all before.
 */
#include "radius.h"
#include <sys/epoll.h>

enum { MOST_WAITING = 1 << 17, MOST_RECORDED = 1 << 23, LONGEST_ANSWER = 128 };

typedef struct {
  uint64_t received, answered, bad, lost, overflowed, silenced, probes, reordered, highest;
  double *recorded;
  size_t recordedCount;
} Port;

/* An answer that waits for its time, oldest first. */
typedef struct {
  int64_t due;
  int fd;
  struct sockaddr_in to;
  size_t length;
  uint8_t octets[LONGEST_ANSWER];
} Waiting;

static Secret secret;
static Port ports[2]; /* access, accounting */
static int fds[2];
static Waiting *waiting;
static size_t head, count, backlog;
static int64_t lastDue;
static double delayNanos, serviceNanos, loss;
static int isSilent, isHeldBack;
static uint64_t randomState = 88172645463325252ull;
static Inbox inbox;
static Outbox outbox;

static double random_share(void) {
  randomState ^= randomState << 13;
  randomState ^= randomState >> 7;
  randomState ^= randomState << 17;
  return (double)(randomState >> 11) / 9007199254740992.0;
}

static int is_password_right(const uint8_t *packet, size_t length) {
  uint8_t hidden[16], plain[16] = {0};
  size_t octets, at = find_attribute(packet, length, USER_PASSWORD, &octets);
  if (at == 0 || octets != 16) return 0;
  memcpy(plain, PASSWORD, sizeof PASSWORD - 1);
  Md5 md5; /* RFC 2865 section 5.2 */
  md5_begin(&md5);
  md5_add(&md5, secret.text, secret.octets);
  md5_add(&md5, packet + 4, 16);
  md5_end(&md5, hidden);
  for (int i = 0; i < 16; i += 1) {
    if ((packet[at + (size_t)i] ^ hidden[i]) != plain[i]) return 0;
  }
  return 1;
}

static int is_right(int isAccounting, const uint8_t *packet, size_t received) {
  static const uint8_t ZEROS[16];
  uint8_t digest[16];
  size_t octets, at, length = received < 20 ? 0 : length_of(packet);
  if (length < 20 || length > received) return 0;
  if (packet[0] == ACCOUNTING_REQUEST && isAccounting) {
    packet_digest(&secret, packet, length, ZEROS, digest);
    return memcmp(digest, packet + 4, 16) == 0;
  }
  if (packet[0] != STATUS_SERVER && (packet[0] != ACCESS_REQUEST || isAccounting)) return 0;
  at = find_attribute(packet, length, MESSAGE_AUTHENTICATOR, &octets);
  if (at == 0 || octets != 16) return 0;
  message_authenticator(&secret, packet, length, packet + 4, at, digest);
  if (memcmp(digest, packet + at, 16) != 0) return 0;
  return packet[0] == STATUS_SERVER || is_password_right(packet, length);
}

/* Access-Accept: Message-Authenticator, the User-Name as Class, Proxy-State as it came. Accounting: Proxy-State alone. */
static size_t make_answer(int isAccounting, const uint8_t *request, uint8_t *answer) {
  size_t length = 20, octets, at, requestLength = length_of(request);
  answer[0] = isAccounting ? ACCOUNTING_RESPONSE : ACCESS_ACCEPT;
  answer[1] = request[1];
  if (!isAccounting) {
    memset(answer + length, 0, 18);
    answer[length] = MESSAGE_AUTHENTICATOR;
    answer[length + 1] = 18;
    length += 18;
    at = find_attribute(request, requestLength, USER_NAME, &octets);
    if (at != 0 && octets <= 40) {
      answer[length] = CLASS;
      memcpy(answer + length + 1, request + at - 1, octets + 1);
      length += octets + 2;
    }
  }
  for (at = 20; at + 2 <= requestLength && request[at + 1] >= 2; at += request[at + 1]) {
    if (request[at] != 33 || length + request[at + 1] > LONGEST_ANSWER) continue;
    memcpy(answer + length, request + at, request[at + 1]);
    length += request[at + 1];
  }
  answer[2] = 0;
  answer[3] = (uint8_t)length;
  memcpy(answer + 4, request + 4, 16);
  if (!isAccounting) message_authenticator(&secret, answer, length, request + 4, 22, answer + 22);
  packet_digest(&secret, answer, length, request + 4, answer + 4);
  return length;
}

static void flush(int side) {
  if (outbox.count > 0) ports[side].answered += (uint64_t)send_all(fds[side], &outbox);
}

/* The generator's number of a request, from the digits in its User-Name: one that is smaller than one seen before came out of
   order (or again). */
static void note_order(Port *port, const uint8_t *request) {
  size_t octets, at = find_attribute(request, length_of(request), USER_NAME, &octets);
  if (at == 0 || octets < 21) return;
  uint64_t number = 0;
  for (size_t i = at + 5; i < at + 21; i += 1) {
    uint8_t digit = request[i];
    number = number << 4 | (uint64_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  }
  if (number <= port->highest) port->reordered += 1;
  else port->highest = number;
}

/* Puts the answer in line, or sends it with this batch where nothing holds it back. */
static void answer(int side, int place, int64_t at) {
  static uint8_t answers[BATCH][LONGEST_ANSWER];
  uint8_t *request = inbox.octets[place];
  if (!isHeldBack) {
    post(&outbox, answers[place], make_answer(side, request, answers[place]), &inbox.from[place]);
    return;
  }
  if (count >= backlog) {
    ports[side].overflowed += 1;
    return;
  }
  int64_t due = at + (int64_t)delayNanos, afterLast = lastDue + (int64_t)serviceNanos;
  Waiting *last = &waiting[(head + count) % MOST_WAITING];
  count += 1;
  lastDue = serviceNanos > 0 && afterLast > due ? afterLast : due;
  last->due = lastDue;
  last->fd = side;
  last->to = inbox.from[place];
  last->length = make_answer(side, request, last->octets);
}

static void take_in(int side, int64_t monotonicLess) {
  Port *port = &ports[side];
  int received;
  do {
    received = receive(fds[side], &inbox);
    for (int i = 0; i < received; i += 1) {
      int64_t at = arrival(&inbox, i, monotonicLess);
      if (!is_right(side, inbox.octets[i], inbox.headers[i].msg_len)) {
        port->bad += 1;
        continue;
      }
      if (inbox.octets[i][0] == STATUS_SERVER) port->probes += 1;
      else {
        port->received += 1;
        note_order(port, inbox.octets[i]);
        if (port->recorded != NULL && port->recordedCount < MOST_RECORDED)
          port->recorded[port->recordedCount++] = (double)at / 1000.0;
      }
      if (isSilent) port->silenced += 1;
      else if (loss > 0 && random_share() < loss) port->lost += 1;
      else answer(side, i, at);
    }
    flush(side);
  } while (received == BATCH);
}

static void send_due(int64_t now) {
  while (count > 0 && waiting[head].due <= now) {
    int side = waiting[head].fd;
    while (count > 0 && outbox.count < BATCH && waiting[head].due <= now && waiting[head].fd == side) {
      post(&outbox, waiting[head].octets, waiting[head].length, &waiting[head].to);
      head = (head + 1) % MOST_WAITING;
      count -= 1;
    }
    flush(side);
  }
}

static void print_port(const char *name, const Port *port, int fd) {
  printf("\"%s\":{\"received\":%llu,\"answered\":%llu,\"bad\":%llu,\"lost\":%llu,\"overflowed\":%llu,\"silenced\":%llu,"
         "\"probes\":%llu,\"reordered\":%llu,\"recorded\":%zu,\"kernelDrops\":%u},",
         name, (unsigned long long)port->received, (unsigned long long)port->answered, (unsigned long long)port->bad,
         (unsigned long long)port->lost, (unsigned long long)port->overflowed, (unsigned long long)port->silenced,
         (unsigned long long)port->probes, (unsigned long long)port->reordered, port->recordedCount, kernel_drops(fd));
}

static void report(void) {
  printf("{");
  print_port("access", &ports[0], fds[0]);
  print_port("accounting", &ports[1], fds[1]);
  printf("\"waiting\":%zu,\"cpuSeconds\":%.3f}\n", count, cpu_seconds());
  fflush(stdout);
}

/* Obeys the words that came; 0 at the end of the input. */
static int obey(void) {
  char words[256] = {0};
  ssize_t octets = read(STDIN_FILENO, words, sizeof words - 1);
  if (octets <= 0) return 0;
  for (char *word = strtok(words, "\n"); word != NULL; word = strtok(NULL, "\n")) {
    if (strcmp(word, "report") == 0) report();
    else if (strcmp(word, "silent") == 0) isSilent = 1;
    else if (strcmp(word, "talk") == 0) isSilent = 0;
    else fprintf(stderr, "bench: the sink knows report, silent and talk, not \"%s\"\n", word);
  }
  return 1;
}

static void write_record(const char *name, const char *ending, const Port *port) {
  char path[1024];
  snprintf(path, sizeof path, "%s.%s", name, ending);
  FILE *file = fopen(path, "wb");
  if (file == NULL || fwrite(port->recorded, sizeof(double), port->recordedCount, file) != port->recordedCount)
    give_up("cannot write the record");
  fclose(file);
}

int main(int argc, char **argv) {
  const char *secretText = text_option(argc, argv, "--secret", "");
  const char *record = text_option(argc, argv, "--record", NULL);
  int accessPort = (int)number_option(argc, argv, "--access-port", 0, 1, 65535);
  int accountingPort = (int)number_option(argc, argv, "--accounting-port", 0, 1, 65535);
  double capacity = number_option(argc, argv, "--capacity", 0, 0, 1e6);
  double seconds = number_option(argc, argv, "--seconds", 600, 1, 3600);
  delayNanos = number_option(argc, argv, "--delay-us", 0, 0, 6e7) * 1000;
  loss = number_option(argc, argv, "--loss", 0, 0, 1);
  backlog = (size_t)number_option(argc, argv, "--backlog", 10000, 1, MOST_WAITING);
  isSilent = number_option(argc, argv, "--silent", 0, 0, 1) != 0;
  no_other_options(argc);
  die_with_parent();
  prctl(PR_SET_TIMERSLACK, 1000ul);
  secret = secret_of(secretText);
  serviceNanos = capacity == 0 ? 0 : 1e9 / capacity;
  isHeldBack = delayNanos > 0 || serviceNanos > 0;
  if (isHeldBack && (waiting = malloc(MOST_WAITING * sizeof *waiting)) == NULL) give_up("no memory");

  int epoll = epoll_create1(EPOLL_CLOEXEC);
  fds[0] = udp_socket(accessPort);
  fds[1] = udp_socket(accountingPort);
  for (int i = 0; i < 2; i += 1) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event) != 0) give_up("epoll");
    if (record != NULL && (ports[i].recorded = malloc(MOST_RECORDED * sizeof(double))) == NULL) give_up("no memory");
  }
  struct epoll_event input = {.events = EPOLLIN, .data.u32 = 2}, events[4];
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input) != 0) give_up("the sink's input is to be a pipe");
  printf("ready\n");
  fflush(stdout);

  int64_t end = monotonic() + (int64_t)(seconds * 1e9), offset = monotonic_less_wall(), offsetAt = monotonic();
  for (int isOver = 0; !isOver;) {
    int64_t now = monotonic(), until = count > 0 && waiting[head].due < end ? waiting[head].due : end;
    if (now >= end) break;
    if (now - offsetAt > 100000000) {
      offset = monotonic_less_wall();
      offsetAt = now;
    }
    int64_t rest = until > now ? until - now : 0;
    if (rest > 100000000) rest = 100000000;
    struct timespec patience = {0, rest};
    int ready = epoll_pwait2(epoll, events, 4, &patience, NULL);
    for (int i = 0; i < ready; i += 1) {
      if (events[i].data.u32 < 2) take_in((int)events[i].data.u32, offset);
      else if (!obey()) isOver = 1;
    }
    send_due(monotonic());
  }
  report();
  if (record != NULL) {
    write_record(record, "access", &ports[0]);
    write_record(record, "accounting", &ports[1]);
  }
  return 0;
}
