/*
 * The bare relay: what a UDP proxy costs that knows nothing of RADIUS. The limit for all others in the comparison.
 *
 *   relay --access-port P --accounting-port P --to-access-port P --to-accounting-port P [--seconds 600]
 *
 * Each address and port of a client gets a source port of its own towards the server, so that datagrams pass untouched. There
 * are MOST_CLIENTS of these; a newer client takes the one that was opened first. It takes and sends in batches, reads
 * responses before requests, and ends with its input or after --seconds.
 */
#include "radius.h"
#include <sys/epoll.h>

enum { MOST_CLIENTS = 4096, PLACES = 1 << 14, LISTENER = 1u << 31, INPUT = 1u << 30 };

typedef struct {
  int fd, side, next; /* `next`: the client behind it in the same place and one; 0 where there is none */
  struct sockaddr_in address;
} Client;

static Client clients[MOST_CLIENTS];
static int clientCount, oldest, places[2][PLACES]; /* the first client of each place and one; 0 where there is none */
static int listeners[2], targets[2], epoll;
static Inbox inbox;
static Outbox outbox;

static int *place_of(int side, const struct sockaddr_in *from) {
  uint64_t mixed = ((uint64_t)from->sin_addr.s_addr << 16 | from->sin_port) * 0x9e3779b97f4a7c15ull;
  return &places[side][mixed >> 50 & (PLACES - 1)];
}

/* A client that nobody uses: a fresh one, or the oldest, which is forgotten. */
static Client *spare_client(int side) {
  if (clientCount < MOST_CLIENTS) {
    Client *fresh = &clients[clientCount];
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)clientCount};
    fresh->fd = udp_socket(0);
    connect_to(fresh->fd, targets[side]);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fresh->fd, &event) != 0) give_up("epoll");
    clientCount += 1;
    return fresh;
  }
  Client *old = &clients[oldest];
  int *place = place_of(old->side, &old->address);
  while (*place - 1 != oldest) place = &clients[*place - 1].next;
  *place = old->next;
  oldest = (oldest + 1) % MOST_CLIENTS;
  if (old->side != side) connect_to(old->fd, targets[side]);
  return old;
}

static Client *client_of(int side, const struct sockaddr_in *from) {
  int *place = place_of(side, from);
  for (int at = *place; at != 0; at = clients[at - 1].next) {
    Client *client = &clients[at - 1];
    if (client->address.sin_port == from->sin_port && client->address.sin_addr.s_addr == from->sin_addr.s_addr) return client;
  }
  Client *client = spare_client(side);
  client->side = side;
  client->address = *from;
  client->next = *place;
  *place = (int)(client - clients) + 1;
  return client;
}

static void forward(int side) {
  int count = receive(listeners[side], &inbox);
  Client *last = NULL;
  for (int i = 0; i < count; i += 1) {
    Client *client = client_of(side, &inbox.from[i]);
    if (client != last && outbox.count > 0) send_all(last->fd, &outbox);
    post(&outbox, inbox.octets[i], inbox.headers[i].msg_len, NULL);
    last = client;
  }
  if (outbox.count > 0) send_all(last->fd, &outbox);
}

static void give_back(Client *client) {
  int count = receive(client->fd, &inbox);
  for (int i = 0; i < count; i += 1) post(&outbox, inbox.octets[i], inbox.headers[i].msg_len, &client->address);
  if (outbox.count > 0) send_all(listeners[client->side], &outbox);
}

int main(int argc, char **argv) {
  static const char *const HERE[] = {"--access-port", "--accounting-port"};
  static const char *const THERE[] = {"--to-access-port", "--to-accounting-port"};
  int ports[2];
  for (int i = 0; i < 2; i += 1) {
    ports[i] = (int)number_option(argc, argv, HERE[i], 0, 1, 65535);
    targets[i] = (int)number_option(argc, argv, THERE[i], 0, 1, 65535);
  }
  double seconds = number_option(argc, argv, "--seconds", 600, 1, 3600);
  no_other_options(argc);
  die_with_parent();
  epoll = epoll_create1(EPOLL_CLOEXEC);
  for (uint32_t i = 0; i < 2; i += 1) {
    listeners[i] = udp_socket(ports[i]);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = LISTENER | i};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listeners[i], &event) != 0) give_up("epoll");
  }
  struct epoll_event input = {.events = EPOLLIN, .data.u32 = INPUT}, events[64];
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input) != 0) give_up("the relay's input is to be a pipe");
  printf("ready\n");
  fflush(stdout);

  int64_t end = monotonic() + (int64_t)(seconds * 1e9);
  while (monotonic() < end) {
    int ready = epoll_wait(epoll, events, 64, 100);
    for (int i = 0; i < ready; i += 1) {
      if ((events[i].data.u32 & (LISTENER | INPUT)) == 0) give_back(&clients[events[i].data.u32]);
    }
    for (int i = 0; i < ready; i += 1) {
      if (events[i].data.u32 == INPUT) return 0;
      if (events[i].data.u32 & LISTENER) forward((int)(events[i].data.u32 & 1));
    }
  }
  return 0;
}
