/** Imports run downward only: cli → train → tasks, models → (passes, backend) → ir. */
const layers = {
  ir: [],
  dsl: ['ir'],
  passes: ['ir'],
  backend: ['passes', 'ir'],
  verify: ['dsl', 'backend', 'passes', 'ir'],
  models: ['dsl', 'ir'],
  tasks: ['dsl', 'ir'],
  train: ['tasks', 'models', 'dsl', 'backend', 'passes', 'ir'],
  cli: ['train', 'tasks', 'models', 'dsl', 'verify', 'backend', 'passes', 'ir'],
}
/* Leaves that several layers share. */
const leaves = ['src/random\\.ts$']
/* What a model's file sees as `parseval`, which the command line hands to it. */
const face = 'src/index\\.ts$'

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      from: { pathNot: '^src/ir/(expr|infer|ops)\\.ts$' },
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    { name: 'known-packages', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'fp-ts-by-lib',
      comment: 'fp-ts/Either resolves under tsx but not in Node: write fp-ts/lib/Either.js',
      severity: 'error',
      from: {},
      to: { path: 'node_modules/fp-ts/', pathNot: 'node_modules/fp-ts/lib/' },
    },
    ...Object.entries(layers).map(([layer, below]) => ({
      name: `${layer}-imports-downward`,
      severity: 'error',
      from: { path: `^src/${layer}/` },
      to: {
        path: '^src/',
        pathNot: [`^src/(${[layer, ...below].join('|')})/`, ...leaves, ...(layer === 'cli' ? [face] : [])],
      },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
}
