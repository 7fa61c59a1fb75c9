/*
 * A histogram of microseconds: exact below 2,048, then 1,024 steps for each doubling (a tenth of a percent), up to a day.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

enum { FINE = 1024, DOUBLINGS = 27, CELLS = FINE * (DOUBLINGS + 1) };

typedef struct {
  uint32_t cells[CELLS];
  uint64_t count;
  double sum;
  int64_t most;
} Histogram;

static inline void note(Histogram *histogram, int64_t micros) {
  int64_t value = micros < 0 ? 0 : micros;
  int doubling = 0;
  for (int64_t rest = value; rest >= 2 * FINE; rest >>= 1) doubling += 1;
  int64_t cell = value < 2 * FINE ? value : (int64_t)doubling * FINE + (value >> doubling);
  histogram->cells[cell < CELLS ? cell : CELLS - 1] += 1;
  histogram->count += 1;
  histogram->sum += value;
  if (value > histogram->most) histogram->most = value;
}

static inline int64_t value_of(int cell) {
  if (cell < 2 * FINE) return cell;
  int doubling = cell / FINE - 1;
  return (int64_t)(cell - doubling * FINE) << doubling;
}

static inline int64_t quantile(const Histogram *histogram, double share) {
  uint64_t wanted = (uint64_t)(share * histogram->count), seen = 0;
  if (wanted >= histogram->count) return histogram->most;
  for (int cell = 0; cell < CELLS; cell += 1) {
    seen += histogram->cells[cell];
    if (seen > wanted) return value_of(cell);
  }
  return histogram->most;
}

static inline void print_histogram(const char *name, const Histogram *histogram) {
  printf("\"%s\":{\"count\":%llu,\"mean\":%.1f,\"p50\":%lld,\"p90\":%lld,\"p99\":%lld,\"p999\":%lld,\"max\":%lld}", name,
         (unsigned long long)histogram->count, histogram->count == 0 ? 0 : histogram->sum / histogram->count,
         (long long)quantile(histogram, 0.5), (long long)quantile(histogram, 0.9), (long long)quantile(histogram, 0.99),
         (long long)quantile(histogram, 0.999), (long long)histogram->most);
}

#endif
