/** What whoever watches sees of many runs, on stderr: how far all of them are, and how far the present one is. */
import { MultiBar, Presets, type SingleBar } from 'cli-progress'
import type { Config } from '../../train/config.ts'
import type { TrainEvent } from '../../train/trainer.ts'
import { clock, type Progress } from '../progress.ts'
import type { Terminal } from '../terminal.ts'

/** One run that is to come, and what it will take, about. */
export interface Expected {
  readonly name: string
  readonly seconds: number
}

export interface Watch {
  /** Begins with the run of that place among the expected ones. */
  readonly run: (index: number) => (config: Config, baseline: number, from: number) => Progress
  readonly stop: () => void
}

const lineEvery = 5000

/** What remains, from what was expected and how long that took so far. */
export const remaining = (expected: number, done: number, spent: number): number =>
  done <= 0 ? expected : (expected - done) * (spent / done)

const short = (x: number | undefined): string => (x === undefined ? '–' : x.toPrecision(3))

export const watchAll = (terminal: Terminal, expected: readonly Expected[]): Watch => {
  const total = expected.reduce((sum, e) => sum + e.seconds, 0)
  const before = expected.map((_, i) => expected.slice(0, i).reduce((sum, e) => sum + e.seconds, 0))
  const began = performance.now()
  const elapsed = () => (performance.now() - began) / 1000
  const bars = terminal.interactive
    ? new MultiBar(
        {
          stream: process.stderr,
          format: '{name} {bar} {percentage} % {text}',
          barsize: 20,
          fps: 5,
          hideCursor: true,
          clearOnComplete: false,
          gracefulExit: false,
        },
        Presets.shades_classic,
      )
    : undefined
  const overall: SingleBar | undefined = bars?.create(1000, 0, { name: 'all runs', text: '' })
  let present: SingleBar | undefined
  let last = began

  return {
    run: index => (config, baseline, from) => {
      const { name, seconds } = expected[index]!
      const start = performance.now()
      let step = from
      let loss: number | undefined
      let heldOut: number | undefined
      let skipped = 0 // of what was expected: steps that had been made before
      if (bars !== undefined) {
        if (present !== undefined) bars.remove(present)
        present = bars.create(config.steps, from, { name, text: '' })
      }
      skipped = (seconds * from) / config.steps
      const own = (): string => {
        const spent = (performance.now() - start) / 1000
        const left = step > from ? clock((spent / (step - from)) * (config.steps - step)) : '–'
        return `loss ${short(loss)}, held out ${short(heldOut)}, baseline ${short(baseline)}, at most ${left}`
      }
      const all = (): { readonly share: number; readonly text: string } => {
        const done = before[index]! + (seconds * step) / config.steps
        const left = remaining(total, done, elapsed() * (done / Math.max(1e-9, done - skipped)))
        return {
          share: total === 0 ? 1 : done / total,
          text: `run ${index + 1} of ${expected.length}, ${clock(left)} left`,
        }
      }
      const tell = (isLast: boolean): void => {
        const { share, text } = all()
        if (bars !== undefined) {
          overall?.update(Math.round(1000 * share), { name: 'all runs', text })
          present?.update(step, { name, text: own() })
          return
        }
        if (!isLast && performance.now() - last < lineEvery) return
        last = performance.now()
        terminal.note(
          `${name}  step ${step}/${config.steps}  ${own()}  (all: ${Math.floor(100 * share)} %, ${text})`,
        )
      }
      return {
        event: (event: TrainEvent) => {
          if (event.kind === 'step') {
            step = event.step
            loss = event.loss
          } else if (event.kind === 'evaluation') heldOut = event.loss
          tell(false)
        },
        stop: () => tell(true),
      }
    },
    stop: () => bars?.stop(),
  }
}
