/** Complex transforms beside FFTW's, and beside those written in JavaScript. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type { Contender } from './contender.ts'
import { duel, type Rival } from './duel.ts'
import { build, here, script } from './here.ts'
import type { Line, Row } from './row.ts'

const ours: Contender = { name: 'parseval', command: () => script('fourier') }

const fftw = (name: string, program: string, flags: readonly string[], remedy: string): Contender => ({
  name,
  command: async () => {
    const built = await build({
      name: program,
      language: 'cc',
      args: ['-O3', here('peers/fftw.c'), ...flags, '-lfftw3f', '-lm'],
    })
    return E.isLeft(built) ? E.left(`${built.left} (${remedy})`) : E.right({ file: built.right, args: [] })
  },
})

const system = fftw('FFTW3f', 'fftw', [], 'apt-get install libfftw3-dev')

const rebuiltRemedy =
  'apt-get source fftw3; ./configure --enable-single --enable-avx2 --enable-fma --enable-sse2 --enable-avx --disable-fortran --prefix=P; make install; PARSEVAL_FFTW=P'

const rebuilt: Contender = {
  name: 'FFTW3f, AVX2 and FMA',
  command: async () => {
    const prefix = process.env.PARSEVAL_FFTW
    if (prefix === undefined || !existsSync(join(prefix, 'lib'))) return E.left(rebuiltRemedy)
    const lib = join(prefix, 'lib')
    return fftw(
      '',
      'fftw-rebuilt',
      [`-I${join(prefix, 'include')}`, `-L${lib}`, `-Wl,-rpath,${lib}`],
      rebuiltRemedy,
    ).command()
  },
}

const inJavaScript = (library: string): Contender => ({
  name: library,
  command: async () =>
    E.right({
      file: process.execPath,
      args: [here('peers/fft.js.mjs'), library],
      remedy: 'npm ci --prefix bench/peers',
    }),
})

const atLeast = (must: number, aim: number): NonNullable<Line['bound']> => ({ kind: 'at least', must, aim })
type Bound = NonNullable<Line['bound']>

const row = (
  name: string,
  what: string,
  batch: number,
  sizes: readonly number[],
  bounds: { readonly system?: Bound; readonly rebuilt?: Bound },
): readonly Row[] =>
  sizes.map(size => ({
    name: `${name}-${size}`,
    what: `${what}, n = ${size}, B = ${batch}, one core, a transform`,
    measure: async ({ quick }) => {
      const rivals: readonly Rival[] = [
        { contender: system, agrees: true, ...(bounds.system === undefined ? {} : { bound: bounds.system }) },
        {
          contender: rebuilt,
          agrees: true,
          ...(bounds.rebuilt === undefined ? {} : { bound: bounds.rebuilt }),
        },
        ...(size === 512 && batch > 1
          ? ['fft.js', 'webfft'].map(library => ({ contender: inJavaScript(library), agrees: true }))
          : []),
      ]
      return duel({
        row: `${name}-${size}`,
        what: `${what}, n = ${size}, B = ${batch}`,
        unit: 'ns',
        factor: 1e9,
        ours,
        rivals,
        load: { size, batch },
        rounds: quick ? 9 : 31,
        tolerance: 1e-3,
        // The data's numbers are about 1, and that is what their transform's are rounded by: its own may be small.
        least: 1e-2,
      })
    },
  }))

const powers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => 2 ** (from + i))

export const transformRows: readonly Row[] = [
  ...row('fft-batch', 'complex FFT', 32, powers(6, 12), {
    system: atLeast(1.4, 2),
    rebuilt: atLeast(1.1, 1.5),
  }),
  ...row('fft-mixed', 'complex FFT', 32, [60, 243, 1000, 1001, 509], { system: atLeast(1, 1.5) }),
  ...row('fft-single', 'complex FFT', 1, [...powers(9, 12), 2 ** 14, 2 ** 17, 2 ** 20], {
    system: atLeast(0.7, 1),
  }),
]
