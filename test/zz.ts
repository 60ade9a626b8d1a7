import { verify, showReport } from '../src/verify/index.ts'
import { models } from '../src/models/registry.ts'
for (const name of process.argv.slice(2)) {
const c0=process.cpuUsage(); 
const r = await verify((models as any)[name], {name})
console.log(showReport(r)); console.log('cpu', process.cpuUsage(c0).user/1e6)
}
