{
  "variables": { "sanitize%": "" },
  "target_defaults": {
    "cflags_cc": ["-std=c++17", "-O3", "-fno-math-errno", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-psabi"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
      "GCC_OPTIMIZATION_LEVEL": "3",
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "OTHER_CPLUSPLUSFLAGS": ["-fno-math-errno", "-Wno-psabi"]
    },
    "conditions": [
      ["sanitize!=''", {
        "cflags": ["-fsanitize=<(sanitize)", "-g", "-fno-omit-frame-pointer"],
        "ldflags": ["-fsanitize=<(sanitize)"]
      }],
      ["target_arch=='x64'", { "defines": ["PARSEVAL_X64"] }]
    ]
  },
  "targets": [
    {
      "target_name": "kernels_baseline",
      "type": "static_library",
      "sources": ["native/kernels.cc"],
      "defines": ["PARSEVAL_KERNELS=baselineKernels", "PARSEVAL_KERNELS_NAME=\"baseline\""]
    },
    {
      "target_name": "parseval",
      "sources": [
        "native/binding.cc",
        "native/instructionDecoder.cc",
        "native/plan.cc",
        "native/planner.cc",
        "native/pool.cc",
        "native/program.cc",
        "native/programDecoder.cc",
        "native/reader.cc",
        "native/transformTables.cc"
      ],
      "dependencies": ["kernels_baseline"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_ADDON_API_CPP_EXCEPTIONS"],
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti"],
      "xcode_settings": { "GCC_ENABLE_CPP_EXCEPTIONS": "YES" },
      "conditions": [["target_arch=='x64'", { "dependencies": ["kernels_avx2"] }]]
    }
  ],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {
          "target_name": "kernels_avx2",
          "type": "static_library",
          "sources": ["native/kernels.cc"],
          "defines": ["PARSEVAL_KERNELS=avx2Kernels", "PARSEVAL_KERNELS_NAME=\"avx2\""],
          "cflags_cc": ["-mavx2", "-mfma"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["-mavx2", "-mfma", "-fno-math-errno", "-Wno-psabi"] }
        }
      ]
    }]
  ]
}
