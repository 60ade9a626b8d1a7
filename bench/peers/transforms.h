/* What the programs that time transforms share: the data, what they say of the result, repetitions. C and C++. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Element j of transform b, its real or imaginary part. */
static float element(long b, long j, int imaginary) {
  return (float)(imaginary ? cos(2.3 * (double)j + (double)b) : sin(1.7 * (double)j + 0.3 * (double)b));
}

/* Of the first and the last transform the entries that are said, so that all can be seen to compute the same. */
#define ENTRIES 4
static long entry(long size, int which) {
  const long places[ENTRIES] = {1, size / 3, size / 2, size - 1};
  return places[which];
}

/* Repetitions that take some ten milliseconds. */
static long repetitions(long size, long batch) {
  const double flops = 5 * (double)size * log2((double)size) * (double)batch;
  const double count = 1e8 / flops;
  return count < 1 ? 1 : (long)count;
}
