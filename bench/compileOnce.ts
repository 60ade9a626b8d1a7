/** In a fresh process: how long from the declared model to the ready plan, the first time and then again. */
import { compiled } from './engine.ts'
import { shapes } from './shapes.ts'

const milliseconds = (): number => {
  const start = performance.now()
  compiled(shapes.mnist, 2)
  return performance.now() - start
}

const cold = milliseconds()
console.log(JSON.stringify({ cold, warm: Array.from({ length: 5 }, milliseconds) }))
