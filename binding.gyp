{
  "variables": {
    "sanitize%": "",
    "avx2": ["-mavx2", "-mfma"],
    "avx512": ["-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx2", "-mfma"],
    "plain": ["-fno-math-errno", "-Wno-psabi"]
  },
  "target_defaults": {
    "cflags_cc": ["-std=c++17", "-O3", "-fno-math-errno", "-fno-tree-vectorize", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-psabi"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
      "GCC_OPTIMIZATION_LEVEL": "3",
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "OTHER_CPLUSPLUSFLAGS": ["<@(plain)"]
    },
    "conditions": [
      ["sanitize!=''", {
        "cflags": ["-fsanitize=<(sanitize)", "-g", "-fno-omit-frame-pointer"],
        "ldflags": ["-fsanitize=<(sanitize)"]
      }],
      ["target_arch=='x64'", { "defines": ["PARSEVAL_X64"] }],
      ["target_arch=='x64' and OS!='win'", { "defines": ["PARSEVAL_CODEGEN"] }]
    ]
  },
  "targets": [
    # The baseline takes longest to compile; make goes by names, so it comes first. Vectors are split into two there:
    # -O3 takes twice as long for code that is a fifth slower.
    {
      "target_name": "kernels_any",
      "type": "static_library",
      "sources": ["native/kernels.cc"],
      "cflags_cc!": ["-O3"],
      "cflags_cc": ["-O1"],
      "defines": [
        "PARSEVAL_KERNELS=baselineKernels",
        "PARSEVAL_KERNELS_NAME=\"baseline\"",
        "PARSEVAL_VECTOR_BYTES=32",
        "PARSEVAL_GENERATED_BYTES=0"
      ]
    },
    {
      "target_name": "kernels_uniform",
      "type": "static_library",
      "sources": ["native/uniformKernels.cc"],
      "cflags_cc!": ["-O3"],
      "cflags_cc": ["-O1"]
    },
    {
      "target_name": "parseval",
      "sources": [
        "native/binding.cc",
        "native/instructionDecoder.cc",
        "native/memory.cc",
        "native/plan.cc",
        "native/planner.cc",
        "native/pool.cc",
        "native/program.cc",
        "native/programDecoder.cc",
        "native/reader.cc",
        "native/share.cc",
        "native/transformTables.cc",
        "native/variant.cc"
      ],
      "dependencies": ["kernels_any", "kernels_uniform"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_ADDON_API_CPP_EXCEPTIONS"],
      "cflags!": ["-fno-exceptions"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti"],
      "xcode_settings": { "GCC_ENABLE_CPP_EXCEPTIONS": "YES" },
      "conditions": [
        ["target_arch=='x64'", {
          "dependencies": [
            "kernels_avx2", "kernels_avx2_half", "kernels_avx512", "kernels_avx512_half", "kernels_avx512_quarter"
          ]
        }],
        ["target_arch=='x64' and OS!='win'", {
          "sources": [
            "native/codegen/assembler.cc",
            "native/codegen/codeMemory.cc",
            "native/codegen/contract.cc",
            "native/codegen/emit.cc",
            "native/codegen/generator.cc",
            "native/codegen/order.cc",
            "native/codegen/pointers.cc",
            "native/codegen/programLines.cc",
            "native/codegen/programSums.cc"
          ]
        }]
      ]
    }
  ],
  "conditions": [
    ["target_arch=='x64'", {
      "targets": [
        {
          "target_name": "kernels_avx2",
          "type": "static_library",
          "sources": ["native/kernels.cc"],
          "defines": [
            "PARSEVAL_KERNELS=avx2Kernels",
            "PARSEVAL_KERNELS_NAME=\"avx2\"",
            "PARSEVAL_VECTOR_BYTES=32",
            "PARSEVAL_GENERATED_BYTES=32"
          ],
          "cflags_cc": ["<@(avx2)"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(avx2)", "<@(plain)"] }
        },
        {
          "target_name": "kernels_avx2_half",
          "type": "static_library",
          "sources": ["native/kernels.cc"],
          "defines": [
            "PARSEVAL_KERNELS=avx2HalfKernels",
            "PARSEVAL_KERNELS_NAME=\"avx2, half\"",
            "PARSEVAL_NARROW",
            "PARSEVAL_VECTOR_BYTES=16",
            "PARSEVAL_GENERATED_BYTES=32"
          ],
          "cflags_cc": ["<@(avx2)"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(avx2)", "<@(plain)"] }
        },
        {
          "target_name": "kernels_avx512",
          "type": "static_library",
          "sources": ["native/kernels.cc"],
          "defines": [
            "PARSEVAL_KERNELS=avx512Kernels",
            "PARSEVAL_KERNELS_NAME=\"avx512\"",
            "PARSEVAL_VECTOR_BYTES=64",
            "PARSEVAL_GENERATED_BYTES=64"
          ],
          "cflags_cc": ["<@(avx512)", "-mprefer-vector-width=512"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(avx512)", "<@(plain)"] }
        },
        {
          "target_name": "kernels_avx512_half",
          "type": "static_library",
          "sources": ["native/kernels.cc"],
          "defines": [
            "PARSEVAL_KERNELS=avx512HalfKernels",
            "PARSEVAL_KERNELS_NAME=\"avx512, half\"",
            "PARSEVAL_NARROW",
            "PARSEVAL_VECTOR_BYTES=32",
            "PARSEVAL_GENERATED_BYTES=64"
          ],
          "cflags_cc": ["<@(avx512)", "-mprefer-vector-width=512"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(avx512)", "<@(plain)"] }
        },
        {
          "target_name": "kernels_avx512_quarter",
          "type": "static_library",
          "sources": ["native/kernels.cc"],
          "defines": [
            "PARSEVAL_KERNELS=avx512QuarterKernels",
            "PARSEVAL_KERNELS_NAME=\"avx512, quarter\"",
            "PARSEVAL_NARROW",
            "PARSEVAL_VECTOR_BYTES=16",
            "PARSEVAL_GENERATED_BYTES=64"
          ],
          "cflags_cc": ["<@(avx512)", "-mprefer-vector-width=512"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(avx512)", "<@(plain)"] }
        }
      ]
    }]
  ]
}
