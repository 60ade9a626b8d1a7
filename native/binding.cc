// The addon's face to JavaScript. A run goes to a thread of the program's own; when it is done, a thread-safe
// function brings the outcome back to the event loop.
#include <napi.h>

#include <memory>

#include "program.h"
#include "transformBinding.h"

namespace {

using parseval::Kernels;
using parseval::Precision;
using parseval::Program;
using parseval::Values;

// One run under way.
struct RunState {
  Napi::Promise::Deferred deferred;
  std::string error;  // empty: it succeeded
};

class ProgramWrap;
void settle(Napi::Env env, Napi::Function, ProgramWrap *program, RunState *state);
using Return = Napi::TypedThreadSafeFunction<ProgramWrap, RunState, settle>;

class ProgramWrap : public Napi::ObjectWrap<ProgramWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Program",
                       {InstanceMethod<&ProgramWrap::write>("write"), InstanceMethod<&ProgramWrap::read>("read"),
                        InstanceMethod<&ProgramWrap::run>("run"), InstanceMethod<&ProgramWrap::cancel>("cancel")});
  }

  explicit ProgramWrap(const Napi::CallbackInfo &info) : Napi::ObjectWrap<ProgramWrap>(info) {
    const Napi::Env env = info.Env();
    guard(env, [&] {
      if (!isArray(info[0], napi_int32_array)) throw Napi::TypeError::New(env, "the code is no Int32Array");
      if (!isArray(info[1], napi_float64_array)) throw Napi::TypeError::New(env, "the constants are no Float64Array");
      if (!info[2].IsObject()) throw Napi::TypeError::New(env, "the options are no object");
      const Napi::Object options = info[2].As<Napi::Object>();
      const Napi::Value precision = options.Get("precision"), isa = options.Get("isa");
      const std::string name = precision.IsString() ? precision.As<Napi::String>().Utf8Value() : "";
      if (name != "single" && name != "double")
        throw Napi::TypeError::New(env, "the precision is neither 'single' nor 'double'");
      std::optional<std::string> wish;
      if (isa.IsString()) wish = isa.As<Napi::String>().Utf8Value();
      else if (!isa.IsUndefined()) throw Napi::TypeError::New(env, "the instruction set is no string");
      // Behind all that may run a caller's getters, which may take the arrays' memory away.
      const auto code = info[0].As<Napi::Int32Array>();
      const auto constants = info[1].As<Napi::Float64Array>();
      program_ = std::make_unique<Program>(code.Data(), code.ElementLength(), constants.Data(),
                                           constants.ElementLength(),
                                           name == "single" ? Precision::Single : Precision::Double,
                                           parseval::findKernels(wish));
    });
  }

  ~ProgramWrap() override {
    stop();
    Napi::MemoryManagement::AdjustExternalMemory(Env(), -counted_);
  }

  // On the event loop, when the run's thread has done its part.
  void complete(Napi::Env env, RunState &state) {
    running_ = false;
    napi_remove_env_cleanup_hook(env, stopHook, this);
    count(env);
    const std::unique_ptr<RunState> held = std::move(state_);
    try {
      if (program_->cancelled()) state.error = "the run was cancelled";
      if (!state.error.empty()) throw Napi::Error::New(env, state.error);
      Napi::Array results = Napi::Array::New(env);
      for (size_t n = 0; n < program_->plan().outputs.size(); n++)
        if (!program_->keeps(n)) results.Set(results.Length(), array(env, program_->output(n)));
      program_->finish();
      state.deferred.Resolve(results);
    } catch (const Napi::Error &error) {
      state.deferred.Reject(error.Value());
    } catch (const std::exception &error) {
      state.deferred.Reject(Napi::Error::New(env, words(error)).Value());
    }
    Unref();
  }

 private:
  static bool isArray(const Napi::Value &value, napi_typedarray_type type) {
    return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
  }

  static Napi::Float64Array array(Napi::Env env, const Values &values) {
    Napi::Float64Array result = Napi::Float64Array::New(env, values.size());
    std::copy(values.begin(), values.end(), result.Data());
    return result;
  }

  static std::string words(const std::exception &error) {
    return dynamic_cast<const std::bad_alloc *>(&error) || dynamic_cast<const std::length_error *>(&error)
               ? "there is not enough memory"
               : error.what();
  }

  // C++ errors as JavaScript's.
  template <class F>
  static auto guard(Napi::Env env, F f) -> decltype(f()) {
    try {
      return f();
    } catch (const Napi::Error &) {
      throw;
    } catch (const std::exception &error) {
      throw Napi::Error::New(env, words(error));
    }
  }

  static int64_t whole(Napi::Env env, const Napi::Value &value, const char *what) {
    const double x = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : 0.5;
    if (!(x >= -9e15 && x <= 9e15) || x != double(int64_t(x)))
      throw Napi::TypeError::New(env, std::string(what) + " is no whole number");
    return int64_t(x);
  }

  int64_t inputNumber(const Napi::CallbackInfo &info) const {
    const int64_t input = whole(info.Env(), info[0], "the input");
    const int64_t count = int64_t(program_->plan().inputs.size());
    if (input < 0 || input >= count)
      throw Napi::RangeError::New(info.Env(), "there is no input " + std::to_string(input) + ", only " +
                                                  std::to_string(count));
    return input;
  }

  void write(const Napi::CallbackInfo &info) {
    guard(info.Env(), [&] {
      const int64_t input = inputNumber(info);
      if (!isArray(info[1], napi_float64_array)) throw Napi::TypeError::New(info.Env(), "the data is no Float64Array");
      if (running_) throw Napi::Error::New(info.Env(), "a run is under way");
      const auto data = info[1].As<Napi::Float64Array>();
      program_->write(input, data.Data(), data.ElementLength());
    });
  }

  Napi::Value read(const Napi::CallbackInfo &info) {
    return guard(info.Env(), [&]() -> Napi::Value { return array(info.Env(), program_->read(inputNumber(info))); });
  }

  std::vector<Napi::Value> listed(Napi::Env env, const Napi::Value &list) const {
    const size_t inputs = program_->plan().inputs.size();
    if (!list.IsArray() || list.As<Napi::Array>().Length() != inputs)
      throw Napi::TypeError::New(env, "the values are no array of " + std::to_string(inputs) + ", one per input");
    std::vector<Napi::Value> values;
    for (size_t n = 0; n < inputs; n++) values.push_back(list.As<Napi::Array>().Get(uint32_t(n)));
    return values;
  }

  void giveVarying(Napi::Env env, const std::vector<Napi::Value> &values, int64_t batch) {
    const std::vector<parseval::PlanInput> &inputs = program_->plan().inputs;
    for (size_t n = 0; n < inputs.size(); n++) {
      const Napi::Value value = values[n];
      if (!inputs[n].varying) {
        if (!value.IsNull() && !value.IsUndefined())
          throw Napi::TypeError::New(env, "input " + std::to_string(n) + " is uniform: write it, and pass null to run");
        continue;
      }
      if (!isArray(value, napi_float64_array))
        throw Napi::TypeError::New(env, "input " + std::to_string(n) + " varies, and got no Float64Array");
      const auto data = value.As<Napi::Float64Array>();
      program_->give(int64_t(n), data.Data(), data.ElementLength(), batch);
    }
  }

  Napi::Value run(const Napi::CallbackInfo &info) {
    const Napi::Env env = info.Env();
    const Napi::Promise::Deferred deferred = Napi::Promise::Deferred::New(env);
    try {
      guard(env, [&] { start(info, deferred); });
    } catch (const Napi::Error &error) {
      deferred.Reject(error.Value());
    }
    return deferred.Promise();
  }

  void start(const Napi::CallbackInfo &info, const Napi::Promise::Deferred &deferred) {
    const Napi::Env env = info.Env();
    const int64_t batch = whole(env, info[0], "the batch"), threads = whole(env, info[2], "the number of threads");
    const std::vector<Napi::Value> values = listed(env, info[1]);  // may run a caller's getters, and they another run
    if (running_) throw Napi::Error::New(env, "a run is under way");
    if (batch < 1) throw Napi::RangeError::New(env, "a run takes at least one example");
    if (batch > int64_t(1) << 31) throw Napi::RangeError::New(env, "a run takes at most 2^31 examples");
    giveVarying(env, values, batch);
    program_->prepare(batch, threads);
    runner_.ensureThread();

    state_ = std::unique_ptr<RunState>(new RunState{deferred, {}});
    Return back = Return::New(env, "parseval run", 0, 1, this);
    RunState *state = state_.get();
    Program *program = program_.get();
    runner_.start([state, program, back]() mutable {
      try {
        program->execute();
      } catch (const std::exception &error) {
        state->error = words(error);
      }
      back.BlockingCall(state);
      back.Release();
    });
    // Hooks run last first: this one stops the thread before the environment takes `back` away from it.
    napi_add_env_cleanup_hook(env, stopHook, this);
    Ref();
    running_ = true;
  }

  // So that the collector knows what a program that nobody needs any more holds.
  void count(Napi::Env env) {
    const int64_t bytes = int64_t(program_->bytes());
    Napi::MemoryManagement::AdjustExternalMemory(env, bytes - counted_);
    counted_ = bytes;
  }

  void cancel(const Napi::CallbackInfo &) {
    if (running_) program_->cancel();
  }

  void stop() {
    if (program_) program_->cancel();
    runner_.wait();
  }
  static void stopHook(void *self) { static_cast<ProgramWrap *>(self)->stop(); }

  std::unique_ptr<Program> program_;
  std::unique_ptr<RunState> state_;
  bool running_ = false;
  int64_t counted_ = 0;  // bytes that the collector knows of
  parseval::Runner runner_;  // last, so that its thread ends first
};

void settle(Napi::Env env, Napi::Function, ProgramWrap *program, RunState *state) {
  // No environment: it is being taken down, and nobody waits for the promise any more.
  if (napi_env(env) != nullptr) program->complete(env, *state);
}

Napi::Value features(const Napi::CallbackInfo &info) {
  const std::vector<const Kernels *> usable = parseval::usableKernels();
  Napi::Array isa = Napi::Array::New(info.Env(), usable.size());
  for (size_t n = 0; n < usable.size(); n++) isa.Set(uint32_t(n), Napi::String::New(info.Env(), usable[n]->name));
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("isa", isa);
  return result;
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  exports.Set("Program", ProgramWrap::define(env));
  exports.Set("VectorTransform", parseval::VectorTransform::define(env));
  exports.Set("planner", parseval::definePlanner(env));
  exports.Set("features", Napi::Function::New(env, features, "features"));
  return exports;
}

}  // namespace

NODE_API_MODULE(parseval, initialise)
