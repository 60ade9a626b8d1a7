/** The lines of `metrics.jsonl` and of `--json`: one JSON object each, versioned. */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Config } from '../train/config.ts'
import type { Outcome, TrainEvent } from '../train/trainer.ts'

/** Counted up when a field's meaning changes or a field goes; new fields alone do not count. */
export const schema = 1

const common = { schema: t.literal(schema), run: t.string }
const Started = t.intersection([
  t.type({
    ...common,
    kind: t.literal('started'),
    config: Config,
    baseline: t.number,
    parameters: t.number,
    /** Where it goes on from; 0 at the beginning. */
    step: t.number,
  }),
  /** SHA-256 of the files that the examples come from, by name. */
  t.partial({ data: t.record(t.string, t.string) }),
])
/** `loss`: the batch's before update `step`. `seconds`: spent in updates. */
const Step = t.type({ ...common, kind: t.literal('step'), step: t.number, loss: t.number, seconds: t.number })
/** `loss` and `accuracy`, the share of right answers: held-out. `residual`: ‖W†W − 1‖. */
const Evaluation = t.intersection([
  t.type({ ...common, kind: t.literal('evaluation'), step: t.number, loss: t.number }),
  t.partial({ residual: t.number, accuracy: t.number }),
])
const measured = [t.type({ step: t.number, loss: t.number }), t.partial({ accuracy: t.number })] as const
/** Of the state after update `step`, which was the best on held-out examples, on examples that chose nothing. */
const Test = t.intersection([t.type({ ...common, kind: t.literal('test') }), ...measured])
const Saved = t.type({ ...common, kind: t.literal('saved'), step: t.number })
const Finished = t.intersection([
  t.type({
    ...common,
    kind: t.literal('finished'),
    reason: t.union([t.literal('target'), t.literal('steps'), t.literal('aborted')]),
    step: t.number,
    seconds: t.number,
  }),
  t.partial({
    heldOut: t.number,
    accuracy: t.number,
    residual: t.number,
    best: t.intersection([...measured]),
  }),
])
const Failed = t.type({ ...common, kind: t.literal('failed'), step: t.number, message: t.string })

export const Record = t.union([Started, Step, Evaluation, Saved, Test, Finished, Failed])
export type Record = t.TypeOf<typeof Record>

export const eventRecord = (run: string, event: TrainEvent): Record => ({ schema, run, ...event })
export const outcomeRecord = (run: string, outcome: Outcome): Record => ({
  schema,
  run,
  kind: 'finished',
  ...outcome,
})

/** The records of a metrics file; a last line cut short by a crash is no error, any other broken one is. */
export const parseRecords = (text: string): E.Either<string, readonly Record[]> => {
  const lines = text.split('\n')
  const records: Record[] = []
  for (const [i, line] of lines.entries()) {
    if (line === '') continue
    const json = E.tryCatch(
      () => JSON.parse(line) as unknown,
      () => undefined,
    )
    const record = E.chainW(Record.decode)(json)
    if (E.isRight(record)) records.push(record.right)
    else if (i < lines.length - 1) return E.left(`line ${i + 1} is no record of metrics`)
  }
  return E.right(records)
}
