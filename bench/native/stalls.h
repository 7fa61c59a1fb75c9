/*
 * Notices when the machine itself stood still: a thread on each processor sleeps a millisecond and looks how late it wakes.
 *
 * The threads run at real-time priority (if that is allowed), so no program of the bench delays them: only the hypervisor, the
 * kernel and real-time programs of others can. A wake that is STALL_NANOS late is a stall. The kept list is bounded; the sums
 * are not. A queue that grew during a stall needs time to empty, so an answer counts as stalled until as long after it.
 */
#ifndef BENCH_STALLS_H
#define BENCH_STALLS_H

#include <pthread.h>
#include <sched.h>

enum { WATCH_NANOS = 1000000, STALL_NANOS = 3000000, MOST_WATCHERS = 64, MOST_STALLS = 512, PRINTED_STALLS = 50 };

typedef struct {
  int64_t from, to;
} Stall;

/* What one thread saw; nobody else writes it, and it is read when the thread has ended. */
typedef struct {
  pthread_t thread;
  int processor, isRealTime, count;
  int64_t worst, stalled;
  Stall stalls[MOST_STALLS];
} Watcher;

static Watcher *watchers;
static int watcherCount;
static volatile int isWatching;

static void *watch(void *given) {
  Watcher *own = given;
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(own->processor, &here);
  pthread_setaffinity_np(pthread_self(), sizeof here, &here);
  struct sched_param high = {.sched_priority = 1};
  own->isRealTime = pthread_setschedparam(pthread_self(), SCHED_FIFO, &high) == 0;
  prctl(PR_SET_TIMERSLACK, 1000ul);
  int64_t due = monotonic() + WATCH_NANOS;
  while (isWatching) {
    struct timespec until = {due / 1000000000, due % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    int64_t now = monotonic(), late = now - due;
    if (late > own->worst) own->worst = late;
    if (late >= STALL_NANOS) {
      own->stalled += late;
      if (own->count < MOST_STALLS) own->stalls[own->count] = (Stall){due, now};
      own->count += 1;
    }
    due = (late >= WATCH_NANOS ? now : due) + WATCH_NANOS;
  }
  return NULL;
}

static inline void start_watching(void) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  watchers = calloc(MOST_WATCHERS, sizeof *watchers);
  if (watchers == NULL) give_up("no memory");
  isWatching = 1;
  for (int processor = 0; processor < CPU_SETSIZE && watcherCount < MOST_WATCHERS; processor += 1) {
    if (!CPU_ISSET(processor, &allowed)) continue;
    watchers[watcherCount].processor = processor;
    if (pthread_create(&watchers[watcherCount].thread, NULL, watch, &watchers[watcherCount]) != 0) break;
    watcherCount += 1;
  }
}

static inline void stop_watching(void) {
  isWatching = 0;
  for (int i = 0; i < watcherCount; i += 1) pthread_join(watchers[i].thread, NULL);
}

/* Did something wait from `from` to `to` because a processor stood still then, or just before? */
static inline int is_stalled(int64_t from, int64_t to) {
  for (int i = 0; i < watcherCount; i += 1) {
    const Watcher *one = &watchers[i];
    for (int k = 0; k < one->count && k < MOST_STALLS; k += 1) {
      const Stall *stall = &one->stalls[k];
      if (from < stall->to + (stall->to - stall->from) && to > stall->from) return 1;
    }
  }
  return 0;
}

/* `list`: for each stall its processor, its begin in milliseconds since `begin`, and its length in microseconds. */
static inline void print_stalls(int64_t begin) {
  int64_t worst = 0, stalled = 0;
  int isRealTime = watcherCount > 0, count = 0, printed = 0;
  for (int i = 0; i < watcherCount; i += 1) {
    if (watchers[i].worst > worst) worst = watchers[i].worst;
    /* The processor that stood still longest: two that stop at once are one stall. */
    if (watchers[i].stalled > stalled) stalled = watchers[i].stalled;
    count += watchers[i].count;
    isRealTime = isRealTime && watchers[i].isRealTime;
  }
  printf("\"stalls\":{\"count\":%d,\"worstMicros\":%lld,\"stalledMicros\":%lld,\"isRealTime\":%s,\"list\":[", count,
         (long long)worst / 1000, (long long)stalled / 1000, isRealTime ? "true" : "false");
  for (int i = 0; i < watcherCount; i += 1) {
    for (int k = 0; k < watchers[i].count && k < MOST_STALLS && printed < PRINTED_STALLS; k += 1, printed += 1) {
      const Stall *stall = &watchers[i].stalls[k];
      printf("%s[%d,%lld,%lld]", printed == 0 ? "" : ",", watchers[i].processor, (long long)(stall->from - begin) / 1000000,
             (long long)(stall->to - stall->from) / 1000);
    }
  }
  printf("]}");
}

#endif
