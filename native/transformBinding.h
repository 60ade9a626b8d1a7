// The addon's face of transforms alone: of one vector, and the planner's wisdom.
#pragma once

#include <napi.h>

#include <algorithm>
#include <memory>

#include "planner.h"
#include "program.h"
#include "transformTables.h"

namespace parseval {

// { precision, isa? }, the isa as for a program.
struct EngineChoice {
  Precision precision;
  const Kernels *kernels;
  int64_t scalarBytes() const { return precision == Precision::Single ? 4 : 8; }
  const PrecisionKernels &of(const Kernels &k) const {
    return precision == Precision::Single ? k.singlePrecision : k.doublePrecision;
  }
  PlannerTarget target(int64_t lanes) const { return {2 * lanes * scalarBytes()}; }
};
inline EngineChoice engineChoice(Napi::Env env, const Napi::Value &value) {
  if (!value.IsObject()) throw Napi::TypeError::New(env, "the options are no object");
  const Napi::Object options = value.As<Napi::Object>();
  const Napi::Value precision = options.Get("precision"), isa = options.Get("isa");
  const std::string name = precision.IsString() ? precision.As<Napi::String>().Utf8Value() : "";
  if (name != "single" && name != "double")
    throw Napi::TypeError::New(env, "the precision is neither 'single' nor 'double'");
  std::optional<std::string> wish;
  if (isa.IsString()) wish = isa.As<Napi::String>().Utf8Value();
  else if (!isa.IsUndefined()) throw Napi::TypeError::New(env, "the instruction set is no string");
  try {
    return {name == "single" ? Precision::Single : Precision::Double, findKernels(wish)};
  } catch (const RequestError &error) {
    throw Napi::Error::New(env, error.what());
  }
}

// A transform of one vector of pairs (re, im): Float32Array or Float64Array, as its precision is.
class VectorTransform : public Napi::ObjectWrap<VectorTransform> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "VectorTransform", {InstanceMethod<&VectorTransform::run>("run")});
  }

  explicit VectorTransform(const Napi::CallbackInfo &info) : Napi::ObjectWrap<VectorTransform>(info) {
    const Napi::Env env = info.Env();
    try {
      const double size = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : 0;
      if (!(size >= 1 && size <= mostSize) || size != double(int64_t(size)))
        throw Napi::RangeError::New(env, "the size is no whole number from 1 to 2^26");
      const EngineChoice choice = engineChoice(env, info[1]);
      size_ = int64_t(size);
      precision_ = choice.precision;
      const PlannerTarget target = choice.target(choice.of(*choice.kernels).singleLanes);
      tables_ = std::make_unique<TransformTables>(precision_, target.elementBytes);
      // The widest vectors that the size fills, among those of the instruction set that is wanted and those below it.
      const std::vector<const Kernels *> usable = usableKernels();
      for (auto k = std::find(usable.begin(), usable.end(), choice.kernels); k != usable.end(); k++) {
        single_ = tables_->single(size_, choice.of(**k).singleLanes);
        run_ = choice.of(**k).single;
        if (single_->lanes > 1) break;
      }
      scratch_ = Arena(size_t(2 * single_->lanes * single_->scratch * choice.scalarBytes()));
    } catch (const Napi::Error &) {
      throw;
    } catch (const std::exception &error) {
      throw Napi::Error::New(env, error.what());
    }
  }

 private:
  static constexpr double mostSize = 1 << 26;

  template <class Array>
  Napi::Value transformed(const Napi::CallbackInfo &info) {
    const Napi::Env env = info.Env();
    Array from = info[0].As<Array>();
    const int64_t length = int64_t(from.ElementLength());
    if (length == 0 || length % (2 * size_) != 0)
      throw Napi::RangeError::New(env, "the transform takes " + std::to_string(2 * size_) +
                                           " numbers, or several times as many; it got " + std::to_string(length));
    if (!info[2].IsUndefined() && !isMine(info[2])) throw wrongArray(env, "the place for the result");
    Array to = info[2].IsUndefined() ? Array::New(env, from.ElementLength()) : info[2].As<Array>();
    if (int64_t(to.ElementLength()) != length)
      throw Napi::RangeError::New(env, "the result has " + std::to_string(length) + " numbers; the place for it " +
                                           std::to_string(to.ElementLength()));
    // Overlapping by a part, one vector's result would be read as another.
    const uintptr_t x = reinterpret_cast<uintptr_t>(from.Data()), y = reinterpret_cast<uintptr_t>(to.Data());
    const uintptr_t bytes = uintptr_t(length * int64_t(sizeof(*from.Data())));
    if (x != y && x < y + bytes && y < x + bytes)
      throw Napi::RangeError::New(env, "the place for the result overlaps the data without being the same");
    const bool inverse = info[1].ToBoolean();
    for (int64_t at = 0; at < length; at += 2 * size_)
      run_(*single_, inverse, from.Data() + at, to.Data() + at, scratch_.data());
    return to;
  }

  bool isMine(const Napi::Value &value) const {
    return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() ==
                                       (precision_ == Precision::Single ? napi_float32_array : napi_float64_array);
  }
  Napi::Error wrongArray(Napi::Env env, const std::string &what) const {
    return Napi::TypeError::New(
        env, what + " is no " + (precision_ == Precision::Single ? "Float32Array" : "Float64Array"));
  }

  Napi::Value run(const Napi::CallbackInfo &info) {
    if (!isMine(info[0])) throw wrongArray(info.Env(), "the data");
    return precision_ == Precision::Single ? transformed<Napi::Float32Array>(info) : transformed<Napi::Float64Array>(info);
  }

  int64_t size_ = 0;
  Precision precision_ = Precision::Single;
  std::unique_ptr<TransformTables> tables_;
  const Single *single_ = nullptr;
  RunSingle run_ = nullptr;
  Arena scratch_;
};

// { wisdom, learn, forget, compositions }.
inline Napi::Object definePlanner(Napi::Env env) {
  Napi::Object planner = Napi::Object::New(env);
  const auto define = [&](const char *name, auto f) { planner.Set(name, Napi::Function::New(env, f, name)); };
  define("wisdom", [](const Napi::CallbackInfo &info) -> Napi::Value { return Napi::String::New(info.Env(), wisdom()); });
  define("learn", [](const Napi::CallbackInfo &info) {
    if (!info[0].IsString()) throw Napi::TypeError::New(info.Env(), "wisdom is a text");
    try {
      learn(info[0].As<Napi::String>().Utf8Value());
    } catch (const WisdomError &error) {
      throw Napi::Error::New(info.Env(), error.what());
    }
  });
  define("forget", [](const Napi::CallbackInfo &) { forgetWisdom(); });
  define("compositions", [](const Napi::CallbackInfo &info) -> Napi::Value {
    const double size = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : 0;
    const double most = info[1].IsNumber() ? info[1].As<Napi::Number>().DoubleValue() : 0;
    if (!(size >= 1 && size < 2147483648.0) || !(most >= 1 && most <= 1000))
      throw Napi::RangeError::New(info.Env(), "a size from 1 to 2^31 − 1, and at most 1000 compositions of it");
    const EngineChoice choice = engineChoice(info.Env(), info[2]);
    const std::vector<Composition> all = compositions(int64_t(size), choice.target(choice.of(*choice.kernels).lanes), size_t(most));
    Napi::Array result = Napi::Array::New(info.Env(), all.size());
    for (size_t c = 0; c < all.size(); c++) {
      Napi::Array radices = Napi::Array::New(info.Env(), all[c].radices.size());
      for (size_t r = 0; r < all[c].radices.size(); r++)
        radices.Set(uint32_t(r), Napi::Number::New(info.Env(), double(all[c].radices[r])));
      result.Set(uint32_t(c), radices);
    }
    return result;
  });
  return planner;
}

}  // namespace parseval
