/**
 * Images read one pixel a step, and their class said after the last: pixel-by-pixel MNIST (Le, Jaitly, Hinton 2015;
 * Arjovsky, Shah, Bengio 2016, section 5.3). `pixels` reads each row from left to right and the rows from the bottom
 * to the top, as the latter do; `permuted` reads in an order drawn from the seed, the same for every image.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Recurrent } from '../dsl/model.ts'
import * as d from '../dsl/term.ts'
import { index, real, varying } from '../ir/type.ts'
import { permutation, stream } from '../random.ts'
import { classes, type ImageSet, type Images } from './images.ts'
import type { Example, Task } from './task.ts'

export interface PixelOptions {
  readonly images: ImageSet
  readonly seed: number
}

/** Of the images to learn from one in this many is held out, the last ones: 5,000 of MNIST's 60,000. */
const heldOutOneIn = 12
const longest = 2 ** 20
const brightest = 255

/** Which pixel comes at each step. */
const bottomUp = ({ rows, columns }: ImageSet): readonly number[] =>
  Array.from(
    { length: rows * columns },
    (_, t) => (rows - 1 - Math.floor(t / columns)) * columns + (t % columns),
  )

/** The images to learn from, all of them once in an epoch, in an order drawn for the epoch. */
const shuffled = (count: number, seed: number): ((i: number) => number) => {
  // drawing an order takes as long as many examples: the latest is kept
  let latest = { epoch: -1, order: [] as readonly number[] }
  return i => {
    const epoch = Math.floor(i / count)
    if (latest.epoch !== epoch)
      latest = { epoch, order: permutation(count, stream(seed, 'pixels epoch', epoch)) }
    return latest.order[i % count]!
  }
}

const pixelTask = (
  name: 'pixels' | 'permuted',
  { images, seed }: PixelOptions,
  order: readonly number[],
): E.Either<string, Task> => {
  const length = order.length
  if (length > longest) return E.left(`${name}: images of ${length} pixels are too large: at most ${longest}`)
  if (images.train.count < 2) return E.left(`${name}: one image to learn from leaves none to hold out`)
  const heldOut = Math.max(1, Math.floor(images.train.count / heldOutOneIn))
  const learned = images.train.count - heldOut
  const inEpoch = shuffled(learned, seed)
  const from = ({ pixels, labels }: Images, i: number): Example => ({
    x: Float64Array.from(order, p => pixels[i * length + p]! / brightest),
    y: Float64Array.of(labels[i]!),
  })

  const x = d.declared<'real'>('x')
  const y = d.declared<'index'>('y')
  const answer = (model: Recurrent): d.Real => {
    const { carry } = d.scan({
      carry: model.initial,
      over: { x },
      step: (state, at) => ({ carry: model.step(state, at.x), stack: {} }),
    })
    return model.output(carry)
  }
  return E.right({
    name,
    settings: { length },
    reads: { kind: 'vector', size: 1 },
    writes: classes,
    length,
    inputs: [
      { term: x, name: 'x', type: varying(real(length, 1)) },
      { term: y, name: 'y', type: varying(index(classes)) },
    ],
    example: (split, i) => from(images.train, split === 'train' ? inEpoch(i) : learned + (i % heldOut)),
    heldOut,
    test: { count: images.test.count, example: i => from(images.test, i) },
    data: images.digests,
    loss: model => {
      const o = answer(model)
      return d.sub(d.logSumExp(o), d.take(o, y))
    },
    lossName: 'cross-entropy',
    // How many classes are at least as likely as the right one: itself alone if the answer is right.
    correct: model => {
      const o = answer(model)
      const atLeast = d.sub(d.number(classes), d.sum(d.step(d.sub(d.take(o, y), o))))
      return d.step(d.sub(d.number(2), atLeast))
    },
    baseline: { value: Math.log(classes), meaning: 'every class as likely as any other' },
  })
}

/** From the bottom row to the top one. */
export const pixels = (options: PixelOptions): E.Either<string, Task> =>
  pixelTask('pixels', options, bottomUp(options.images))

/** In one order for all, drawn from the seed. */
export const permuted = (options: PixelOptions): E.Either<string, Task> => {
  const { rows, columns } = options.images
  return pixelTask('permuted', options, permutation(rows * columns, stream(options.seed, 'permuted pixels')))
}
