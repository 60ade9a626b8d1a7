/** `npm run bench`: the table of figures. docs/performance.md says what each row measures. */
import { Command, InvalidArgumentError } from 'commander'
import { machine } from './machine.ts'
import { heading, jsonLine, machineText, tableLine } from './print.ts'
import { rows } from './rows.ts'

const whole = (text: string): number => {
  const n = Number(text)
  if (!Number.isSafeInteger(n) || n < 1) throw new InvalidArgumentError('a whole number from 1 up')
  return n
}

const command = new Command('npm run bench --')
  .description('figures of this machine, beside the rivals that are installed on it')
  .option('--only <rows...>', 'these rows, or all whose names begin with one of these')
  .option('--quick', 'fewer repetitions', false)
  .option('--threads <count>', 'threads, for ours and the rivals', whole, 2)
  .option('--json', 'a JSON object a line instead of a table', false)
  .option('--list', 'the rows, and nothing is run', false)
  .parse()

const options = command.opts<{
  only?: readonly string[]
  quick: boolean
  threads: number
  json: boolean
  list: boolean
}>()

const chosen = rows.filter(({ name, onRequest }) =>
  options.only === undefined ? !onRequest : options.only.some(o => name === o || name.startsWith(`${o}-`)),
)

if (options.list) for (const { name, what } of rows) console.log(`${name.padEnd(20)} ${what}`)
else if (chosen.length === 0) command.error(`no such row; there are ${rows.map(r => r.name).join(', ')}`)
else {
  const here = machine()
  if (!options.json) console.log(`${machineText(here)}\n\n${heading}`)
  for (const row of chosen)
    for (const line of await row.measure({ quick: options.quick, threads: options.threads }))
      console.log(options.json ? jsonLine(line, here) : tableLine(line))
}
