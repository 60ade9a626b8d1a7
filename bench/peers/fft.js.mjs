// Transforms by fft.js or webfft: `node fft.js.mjs LIBRARY`. Speaks what protocol.py says.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(import.meta.url)

// Of a library, a function that transforms one row of interleaved numbers.
const libraries = {
  'fft.js': size => {
    const FFT = require('fft.js')
    const fft = new FFT(size)
    const out = fft.createComplexArray()
    return {
      row: numbers => Array.from(numbers),
      transform: row => {
        fft.transform(out, row)
        return out
      },
    }
  },
  webfft: size => {
    const { default: WebFFT } = require('webfft')
    const fft = new WebFFT(size)
    return { row: numbers => Float32Array.from(numbers), transform: row => fft.fft(row) }
  },
}

const name = process.argv[2]
const say = answer => console.log(JSON.stringify(answer))
let rows = []
let transform = row => row
let count = 1

const all = () => {
  for (const row of rows) transform(row)
}

for await (const line of createInterface({ input: process.stdin })) {
  const { load, run } = JSON.parse(line)
  if (load) {
    const { size, batch } = load
    try {
      const library = libraries[name](size)
      transform = library.transform
      rows = Array.from({ length: batch }, (_, b) =>
        library.row(
          Float64Array.from({ length: 2 * size }, (_, i) =>
            i % 2 === 0 ? Math.sin(1.7 * (i >> 1) + 0.3 * b) : Math.cos(2.3 * (i >> 1) + b),
          ),
        ),
      )
    } catch (error) {
      say({ absent: String(error.message).split('\n')[0] })
      break
    }
    count = Math.max(1, Math.floor(2e7 / (5 * size * Math.log2(size) * batch)))
    for (let i = 0; i < 50; i++) all()
    const entries = [1, Math.floor(size / 3), Math.floor(size / 2), size - 1]
    const losses = [0, batch - 1].flatMap(b => {
      const y = Array.from(transform(rows[b]))
      return entries.flatMap(k => [y[2 * k] / Math.sqrt(size), y[2 * k + 1] / Math.sqrt(size)])
    })
    say({ version: require(`${name}/package.json`).version, losses })
  } else if (run) {
    say({
      seconds: Array.from({ length: run }, () => {
        const start = performance.now()
        for (let i = 0; i < count; i++) all()
        return (performance.now() - start) / 1000 / count / rows.length
      }),
    })
  }
}
