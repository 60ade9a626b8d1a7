/** What whoever watches sees of a run, on stderr: a bar on a terminal, a line every few seconds elsewhere. */
import { Presets, SingleBar } from 'cli-progress'
import type { Config } from '../train/config.ts'
import type { TrainEvent } from '../train/trainer.ts'
import type { Terminal } from './terminal.ts'

export interface Progress {
  readonly event: (event: TrainEvent) => void
  readonly stop: () => void
}

/** Milliseconds between plain lines. */
const lineEvery = 3000
/** Redraws of the bar in a second. */
const framesPerSecond = 10

/** Seconds as `1:05`, or `1:02:03` from an hour up. */
export const clock = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return '–'
  const s = Math.round(seconds)
  const two = (n: number) => String(n).padStart(2, '0')
  const minutes = Math.floor(s / 60)
  return minutes < 60
    ? `${minutes}:${two(s % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(s % 60)}`
}

/** A share as `91.40 %`. */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`

const significant = (x: number | undefined): string => (x === undefined ? '–' : x.toPrecision(3))

interface Seen {
  readonly step: number
  readonly loss?: number
  readonly heldOut?: number
  readonly accuracy?: number
  readonly residual?: number
}

const after = (seen: Seen, event: TrainEvent): Seen => {
  switch (event.kind) {
    case 'step':
      return { ...seen, step: event.step, loss: event.loss }
    case 'evaluation':
      return {
        ...seen,
        heldOut: event.loss,
        ...(event.accuracy === undefined ? {} : { accuracy: event.accuracy }),
        ...(event.residual === undefined ? {} : { residual: event.residual }),
      }
    case 'saved':
      return seen
  }
}

/** Watches one run that goes on from step `from`. */
export const progress = (
  terminal: Terminal,
  run: string,
  config: Config,
  baseline: number,
  from: number,
): Progress => {
  const began = performance.now()
  let seen: Seen = { step: from }
  const rate = (): number => (seen.step - from) / ((performance.now() - began) / 1000)
  const fields = () => ({
    loss: significant(seen.loss),
    heldOut:
      significant(seen.heldOut) + (seen.accuracy === undefined ? '' : ` (${percent(seen.accuracy)} right)`),
    baseline: significant(baseline),
    residual: seen.residual === undefined ? '–' : seen.residual.toExponential(1),
    rate: seen.step > from ? rate().toFixed(1) : '–',
    // to the last step: a target may end the run before
    remaining: seen.step > from ? clock((config.steps - seen.step) / rate()) : '–',
  })

  if (terminal.interactive) {
    const bar = new SingleBar(
      {
        format:
          `${run} {bar} {value}/{total} loss {loss}, held out {heldOut}, baseline {baseline}, ` +
          '{rate} steps/s, at most {remaining}, ‖W†W−1‖ {residual}',
        stream: process.stderr,
        fps: framesPerSecond,
        barsize: 10,
        hideCursor: true,
        clearOnComplete: false,
        // an interrupt is ours to handle: the bar must not end the process
        gracefulExit: false,
      },
      Presets.shades_classic,
    )
    bar.start(config.steps, from, fields())
    return {
      event: event => {
        seen = after(seen, event)
        bar.update(seen.step, fields())
      },
      stop: () => bar.stop(),
    }
  }

  let last = began
  const line = () => {
    const f = fields()
    terminal.note(
      `${run}  step ${seen.step}/${config.steps}  loss ${f.loss}  held out ${f.heldOut}  baseline ${f.baseline}` +
        `  ‖W†W−1‖ ${f.residual}  ${f.rate} steps/s  at most ${f.remaining}`,
    )
  }
  return {
    event: event => {
      seen = after(seen, event)
      if (performance.now() - last < lineEvery) return
      last = performance.now()
      line()
    },
    stop: line,
  }
}
