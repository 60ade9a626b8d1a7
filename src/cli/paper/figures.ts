/** The paper's four figures from what was measured. */
import type { Chart } from './chart.ts'
import type { Entry, StatesEntry } from './experiments.ts'
import type { Figure } from './figure.ts'
import { curveOf, type Group, panelsOf, type StatesReport, seriesOf, stepwise } from './summary.ts'

/** How far above the baseline the axes of losses go: before the first updates losses are far off. */
const headroom = 1.6

const titles: { readonly [K in Entry['task']]: (lag: number) => string } = {
  copying: lag => `copying, T = ${lag}`,
  adding: lag => `adding, T = ${lag}`,
  pixels: () => 'MNIST, pixel by pixel',
  permuted: () => 'MNIST, pixels permuted',
}

const lossNames: { readonly [K in Entry['task']]: string } = {
  copying: 'cross-entropy (nats a step)',
  adding: 'mean squared error',
  pixels: 'accuracy',
  permuted: 'accuracy',
}

/* In thousands where they are that many. */
const examplesAxis = (most: number): { readonly x: string; readonly unit: number } =>
  most >= 10_000 ? { x: 'training examples (thousands)', unit: 1000 } : { x: 'training examples', unit: 1 }

const lossChart = (panel: readonly Group[]): Chart => {
  const { entry, runs } = panel[0]!
  const curves = panel.map(g => ({ model: seriesOf(g.entry), points: curveOf(g) }))
  const { x, unit } = examplesAxis(Math.max(0, ...curves.flatMap(c => c.points.map(p => p.x))))
  const baseline = runs[0]?.baseline
  const isLoss = entry.figure !== 3
  return {
    title: titles[entry.task](entry.lag),
    x,
    y: lossNames[entry.task],
    curves: curves.map(c => ({ ...c, points: c.points.map(p => ({ ...p, x: p.x / unit })) })),
    ...(isLoss && baseline !== undefined ? { baseline, range: [0, headroom * baseline] } : {}),
    ...(isLoss ? {} : { range: [0, 1] }),
  }
}

const captions = {
  1: [
    'Copying memory',
    'Cross-entropy on held-out sequences against training examples seen. The dashed line is who remembers nothing.',
  ],
  2: [
    'Adding',
    'Mean squared error on held-out sequences against training examples seen. The dashed line is who always says 1. A dot ends a run that got to its target.',
  ],
  3: ['MNIST, pixel by pixel', 'Accuracy on the validation images against training examples seen.'],
} as const

/** Figure 1, 2 or 3. */
export const lossFigure = (number: 1 | 2 | 3, groups: readonly Group[]): Figure => ({
  number,
  title: captions[number][0],
  caption: captions[number][1],
  charts: panelsOf(groups.filter(g => g.entry.figure === number)).map(lossChart),
})

/** Figure 4. */
export const statesFigure = (
  { lag, updates, long }: StatesEntry,
  states: readonly StatesReport[],
): Figure => {
  const chart = (
    title: string,
    y: string,
    which: 'atStart' | 'afterUpdates' | 'norms' | 'distances',
    logarithmic: boolean,
  ): Chart => ({
    title,
    x: 't',
    y,
    curves: states.flatMap(s =>
      s[which].length === 0 ? [] : [{ model: s.model, points: stepwise(s[which]) }],
    ),
    logarithmic,
    empty: 'not measured: the runs are not done',
  })
  return {
    number: 4,
    title: 'Gradients and hidden states',
    caption:
      `Adding. Norms of the gradient of an example's loss by each hidden state, T = ${lag}, before the first update and after ${updates}; ` +
      `norms of the hidden states, and their distance to the last one, of the models trained at T = ${lag} on sequences of ${long} steps. Means over held-out sequences.`,
    charts: [
      chart('(i) gradients, before training', '‖∂C/∂h[t]‖', 'atStart', true),
      chart(`(ii) gradients, after ${updates} updates`, '‖∂C/∂h[t]‖', 'afterUpdates', true),
      chart('(iii) norms of hidden states', '‖h[t]‖', 'norms', true),
      chart('(iv) distance to the last hidden state', '‖h[t] − h[T]‖', 'distances', true),
    ],
  }
}
