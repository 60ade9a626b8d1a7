/* Transforms by FFTW, single precision, one thread: of its plans (measured and, where that ends in time, patient;
 * the batch's transforms one after the other, or interleaved) the fastest. A program of its own, as FFTW's licence
 * is not the package's. Speaks what protocol.py says: {"load":{"size":N,"batch":B}}, {"run":K}. */
#include <fftw3.h>
#include <stdlib.h>

#include "transforms.h"

typedef struct {
  fftwf_plan plan;
  int interleaved;
  const char *way;
} Choice;

static void fill(fftwf_complex *x, long n, long batch, int interleaved) {
  for (long b = 0; b < batch; b++)
    for (long j = 0; j < n; j++)
      for (int part = 0; part < 2; part++) x[interleaved ? j * batch + b : b * n + j][part] = element(b, j, part);
}

static double timed(fftwf_plan plan, long count) {
  const double start = seconds();
  for (long i = 0; i < count; i++) fftwf_execute(plan);
  return (seconds() - start) / (double)count;
}

int main(void) {
  char line[256];
  long n = 0, batch = 0, runs = 0, count = 1;
  fftwf_complex *x = NULL, *y = NULL;
  Choice best = {NULL, 0, ""};
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "{\"load\":{\"size\":%ld,\"batch\":%ld", &n, &batch) == 2) {
      x = fftwf_alloc_complex((size_t)(n * batch));
      y = fftwf_alloc_complex((size_t)(n * batch));
      count = repetitions(n, batch);
      double least = 1e30;
      for (int patient = 0; patient < (n * batch <= 1 << 17 ? 2 : 1); patient++)
        for (int interleaved = 0; interleaved < (batch > 1 ? 2 : 1); interleaved++) {
          const int size = (int)n, many = (int)batch;
          const int stride = interleaved ? many : 1, apart = interleaved ? 1 : size;
          const fftwf_plan plan =
              fftwf_plan_many_dft(1, &size, many, x, NULL, stride, apart, y, NULL, stride, apart, FFTW_FORWARD,
                                  patient ? FFTW_PATIENT : FFTW_MEASURE);
          fill(x, n, batch, interleaved);
          double time = 1e30;
          for (int i = 0; i < 5; i++) {
            const double t = timed(plan, count);
            if (t < time) time = t;
          }
          if (time < least) {
            least = time;
            best.plan = plan;
            best.interleaved = interleaved;
            best.way = patient ? "patient" : "measured";
          }
        }
      fill(x, n, batch, best.interleaved);
      fftwf_execute(best.plan);
      printf("{\"version\":\"%s, %s, %s\",\"losses\":[", fftwf_version, best.way,
             best.interleaved ? "interleaved" : "contiguous");
      for (int i = 0; i < 2 * ENTRIES; i++) {
        const long b = i < ENTRIES ? 0 : batch - 1, k = entry(n, i % ENTRIES);
        const float *z = y[best.interleaved ? k * batch + b : b * n + k];
        printf(i == 0 ? "%.7g,%.7g" : ",%.7g,%.7g", z[0] / sqrt((double)n), z[1] / sqrt((double)n));
      }
      printf("]}\n");
    } else if (sscanf(line, "{\"run\":%ld", &runs) == 1) {
      printf("{\"seconds\":[");
      for (long i = 0; i < runs; i++) printf(i == 0 ? "%.12g" : ",%.12g", timed(best.plan, count) / (double)batch);
      printf("]}\n");
    }
    fflush(stdout);
  }
  return 0;
}
