// Requests that the machine cannot meet, refused in words before memory is asked for.
#pragma once

#include <stdexcept>

namespace parseval {

// What is wrong with a request, in words for the caller.
struct RequestError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Throws if the machine does not have so much memory.
void requireMemory(double bytes);

}  // namespace parseval
