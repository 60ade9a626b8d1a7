// Elementwise expressions as loops written by hand: the state in a buffer that stays in cache, example by example.
// Speaks what protocol.py says: {"load":{"expression":NAME,"size":N,"batch":B,"steps":T}}, {"run":K}.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "transforms.h"

namespace {

struct Case {
  std::vector<float> a, b, start, x;
  long size = 0, batch = 0;
};

// By itself, so that the compiler sees that nothing overlaps, and makes vectors of it.
template <typename F>
__attribute__((noinline)) void step(float* __restrict x, const float* __restrict a, const float* __restrict b, long n, F f) {
  for (long i = 0; i < n; i++) x[i] = f(x[i], a[i], b[i]);
}

template <typename F>
void loop(Case& c, long steps, F f) {
  c.x = c.start;
  for (long e = 0; e < c.batch; e++)
    for (long t = 0; t < steps; t++) step(c.x.data() + e * c.size, c.a.data(), c.b.data(), c.size, f);
}

void run(const char* name, Case& c, long steps) {
  if (!std::strcmp(name, "logistic"))
    loop(c, steps, [](float x, float a, float b) { return a * x * (1 - x) + b; });
  else if (!std::strcmp(name, "gate"))
    loop(c, steps, [](float x, float a, float b) { return 1 / (1 + expf(-(a * x + b))) * tanhf(x) + b; });
  else if (!std::strcmp(name, "bump"))
    loop(c, steps, [](float x, float a, float) { return a * expf(-x * x) + sinf(x) / sqrtf(1 + x * x); });
  else if (!std::strcmp(name, "softplus"))
    loop(c, steps, [](float x, float a, float b) { return logf(1 + expf(-a * x)) - cosf(x) + b; });
}

std::vector<float> numbers(long count, double low, double high, double turn) {
  std::vector<float> made(static_cast<size_t>(count));
  for (long k = 0; k < count; k++)
    made[static_cast<size_t>(k)] = static_cast<float>(low + (high - low) * (0.5 + 0.5 * sin(turn * static_cast<double>(k + 1))));
  return made;
}

}  // namespace

int main() {
  char line[256], name[32] = "";
  long steps = 0, runs = 0;
  Case c;
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "{\"load\":{\"expression\":\"%31[a-z]\",\"size\":%ld,\"batch\":%ld,\"steps\":%ld", name, &c.size,
               &c.batch, &steps) == 4) {
      c.a = numbers(c.size, 2.5, 3.5, 0.7);
      c.b = numbers(c.size, 0, 0.1, 1.3);
      c.start = numbers(c.size * c.batch, 0.1, 0.9, 0.37);
      run(name, c, 3);
      printf("{\"version\":\"gcc %d, -Ofast, vector mathematics\",\"losses\":[%.7g,%.7g,%.7g]}\n", __GNUC__, c.x[1], c.x[5], c.x[77]);
    } else if (sscanf(line, "{\"run\":%ld", &runs) == 1) {
      printf("{\"seconds\":[");
      for (long k = 0; k < runs; k++) {
        const double start = seconds();
        run(name, c, steps);
        printf(k == 0 ? "%.12g" : ",%.12g", (seconds() - start) / static_cast<double>(steps * c.size * c.batch));
      }
      printf("]}\n");
    }
    fflush(stdout);
  }
}
