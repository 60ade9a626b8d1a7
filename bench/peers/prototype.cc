// The training step of a kernel written by hand for one model and one loss, over the same shapes. It is compiled
// where its folder is present. It makes the loss and the gradients of (o − y)² of one number at the end, whatever
// the task: no output at every step, no optimiser. Speaks what protocol.py says, as far as it needs to.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <iostream>
#include <string>

#include "train.h"

namespace {

// A training step of n units with `inputs` real inputs, T steps long, B at a time.
template <int n, int inputs>
std::function<double()> training(int T, int B, int threads) {
  using M = Model<n, inputs>;
  static M model;
  static std::vector<typename M::WS *> spaces;
  static std::vector<C> store;
  const int blocks = (B + 7) / 8;
  for (int i = 0; i < blocks; i++) spaces.push_back(model.mkws(T));
  store.resize(size_t(T) * inputs * blocks / 2 + 1);
  v8 *x = reinterpret_cast<v8 *>(store.data());
  std::mt19937 random(5);
  for (int i = 0; i < T * inputs * blocks; i++)
    for (int l = 0; l < 8; l++) x[i][l] = float(random() % 1000) / 1000;
  return [=]() -> double {
    std::atomic<int> next{0};
    model.prep();
    const auto work = [&] {
      for (int i = next++; i < blocks; i = next++) {
        v8 weights = bc(0);
        for (int l = 0; l < 8; l++) weights[l] = i * 8 + l < B ? 1.0f / B : 0;
        const v8 *mine = x + size_t(i) * T * inputs;
        M::zero(spaces[i]);
        model.forward(*spaces[i], mine, T);
        model.backward(*spaces[i], mine, T, bc(0.3f), weights);
      }
    };
    std::vector<std::thread> others;
    for (int t = 1; t < threads; t++) others.emplace_back(work);
    work();
    for (std::thread &t : others) t.join();
    model.finish(spaces);
    return model.loss;
  };
}

long field(const std::string &line, const char *name) {
  const size_t at = line.find(std::string("\"") + name + "\":");
  return at == std::string::npos ? -1 : std::atol(line.c_str() + at + std::strlen(name) + 3);
}

}  // namespace

int main(int, char **arguments) {
  const int threads = std::atoi(arguments[1]);
  std::function<double()> step;
  for (std::string line; std::getline(std::cin, line);) {
    if (line.rfind("{\"load\"", 0) == 0) {
      const long n = field(line, "hidden"), T = field(line, "length"), B = field(line, "batch");
      const bool two = line.find("\"size\":2") != std::string::npos;
      if (n == 512 && two) step = training<512, 2>(T, B, threads);
      else if (n == 512) step = training<512, 1>(T, B, threads);
      else if (n == 128) step = training<128, 1>(T, B, threads);
      if (!step) {
        std::printf("{\"absent\":\"it is not compiled for n = %ld\"}\n", n);
      } else {
        for (int i = 0; i < 2; i++) step();
        std::printf("{\"version\":\"prototype\",\"losses\":[%g]}\n", step());
      }
    } else {
      std::printf("{\"seconds\":[");
      const long count = field(line, "run");
      for (long i = 0; i < count; i++) {
        const auto start = std::chrono::steady_clock::now();
        step();
        const std::chrono::duration<double> t = std::chrono::steady_clock::now() - start;
        std::printf(i == 0 ? "%.9f" : ",%.9f", t.count());
      }
      std::printf("]}\n");
    }
    std::fflush(stdout);
  }
  return 0;
}
