#include "memory.h"

#include <unistd.h>

#include <cstdint>
#include <string>

namespace parseval {

namespace {

double machineBytes() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? double(pages) * double(page) : 1e18;
}

}  // namespace

void requireMemory(double bytes) {
  static const double machine = machineBytes();
  const auto mebibytes = [](double count) { return std::to_string(int64_t(count / 1048576)); };
  if (bytes > machine)
    throw RequestError("this needs " + mebibytes(bytes) + " MiB of memory; the machine has " + mebibytes(machine));
}

}  // namespace parseval
