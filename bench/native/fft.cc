// Our side of the transforms: the engine's own, from memory to memory, a block of the batch in the lanes; one core.
// Of a batch that does not fill the last block its other lanes are as much work. Speaks what protocol.py says:
// {"load":{"size":N,"batch":B}}, {"run":K}.
#include <cstdlib>
#include <string>

#include "../peers/transforms.h"
#include "transform.h"
#include "transformTables.h"

using namespace parseval;

namespace {

#ifndef VECTOR_BYTES
#define VECTOR_BYTES 32
#endif
struct K {
  using Scalar = float;
  typedef float Vector __attribute__((vector_size(VECTOR_BYTES), may_alias));
  static constexpr int64_t lanes = VECTOR_BYTES / 4;
};
constexpr int64_t lanes = K::lanes, width = 2 * lanes;

float *aligned(int64_t elements) {
  const size_t bytes = size_t(elements * width) * sizeof(float);
  return static_cast<float *>(std::aligned_alloc(64, (bytes + 64) / 64 * 64));
}

struct Batch {
  const Transform *transform;
  int64_t blocks, batch;
  float *from, *to, *scratch;

  Batch(TransformTables &tables, int64_t size, int64_t count)
      : transform(tables.of(size)), blocks((count + lanes - 1) / lanes), batch(count), from(aligned(size * blocks)),
        to(aligned(size * blocks)), scratch(aligned(transform->scratch + 1)) {
    for (int64_t i = 0; i < size * blocks; i++)
      for (int64_t l = 0; l < width; l++)
        from[i * width + l] = element(i / size * lanes + l % lanes, i % size, l >= lanes);
  }

  // The hook: whatever the engine runs a transform by.
  void run() const {
    for (int64_t b = 0; b < blocks; b++) {
      Memory<K> source{from + b * transform->size * width}, sink{to + b * transform->size * width};
      transformFrom<K>(*transform, false, source, sink, scratch);
    }
  }

  float result(int64_t b, int64_t k, int imaginary) const {
    return to[(b / lanes * transform->size + k) * width + b % lanes + imaginary * lanes];
  }
};

std::string composition(const Transform &t) {
  if (t.convolution) return "convolution of " + composition(*t.convolution);
  std::string text;
  for (int64_t l = 0; l < t.levelCount; l++) text += (l > 0 ? "x" : "") + std::to_string(t.levels[l].radix);
  return text;
}

}  // namespace

int main() {
  TransformTables tables(Precision::Single, width * int64_t(sizeof(float)));
  Batch *data = nullptr;
  long size = 0, batch = 0, runs = 0, count = 1;
  for (char line[256]; std::fgets(line, sizeof line, stdin);) {
    if (std::sscanf(line, "{\"load\":{\"size\":%ld,\"batch\":%ld", &size, &batch) == 2) {
      data = new Batch(tables, size, batch);
      count = repetitions(size, batch);
      data->run();
      std::printf("{\"version\":\"%ld lanes, %s\",\"losses\":[", long(lanes), composition(*data->transform).c_str());
      for (int i = 0; i < 2 * ENTRIES; i++) {
        const long b = i < ENTRIES ? 0 : batch - 1, k = entry(size, i % ENTRIES);
        std::printf(i == 0 ? "%.7g,%.7g" : ",%.7g,%.7g", double(data->result(b, k, 0)), double(data->result(b, k, 1)));
      }
      std::printf("]}\n");
    } else if (std::sscanf(line, "{\"run\":%ld", &runs) == 1) {
      std::printf("{\"seconds\":[");
      for (long i = 0; i < runs; i++) {
        const double start = seconds();
        for (long r = 0; r < count; r++) data->run();
        std::printf(i == 0 ? "%.12g" : ",%.12g", (seconds() - start) / double(count * batch));
      }
      std::printf("]}\n");
    }
    std::fflush(stdout);
  }
  return 0;
}
