/** Every public export says what it is: `npm run docs` would refuse it otherwise, but takes longer. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))

const options: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  allowImportingTsExtensions: true,
  noEmit: true,
  noLib: true,
  types: [],
}

/** The exports of these modules, and of the modules that they export as a whole, that have no docstring. */
const undocumented = (entries: readonly string[], host?: ts.CompilerHost): readonly string[] => {
  const program = ts.createProgram(entries, options, host)
  const checker = program.getTypeChecker()
  const own = (s: ts.Symbol): ts.Symbol => (s.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(s) : s)
  const missing = (module: ts.Symbol): readonly string[] =>
    checker.getExportsOfModule(module).flatMap(exported => {
      const symbol = own(exported)
      if (symbol.flags & ts.SymbolFlags.ValueModule)
        return missing(symbol).map(name => `${exported.name}.${name}`)
      const text = ts.displayPartsToString(symbol.getDocumentationComment(checker))
      return text.trim() === '' ? [exported.name] : []
    })
  return entries.flatMap(entry => {
    const source = program.getSourceFile(entry)
    assert.ok(source !== undefined, `no source file ${entry}`)
    const module = checker.getSymbolAtLocation(source)
    assert.ok(module !== undefined, `${entry} exports nothing`)
    return missing(module)
  })
}

describe('public exports', () => {
  it('all have a docstring', () => {
    assert.deepEqual(undocumented([path('src/index.ts'), path('src/verify/index.ts')]), [])
  })

  it('are found where they have none, also behind another name and in a namespace', () => {
    const files: Readonly<Record<string, string>> = {
      '/a.ts': "export { one as first } from './b.ts'\nexport * as b from './b.ts'\n",
      '/b.ts': 'export const one = 1\n/** Two. */\nexport const two = 2\nexport interface Three {}\n',
    }
    const host: ts.CompilerHost = {
      ...ts.createCompilerHost(options),
      fileExists: name => name in files,
      readFile: name => files[name],
      getSourceFile: (name, language) =>
        files[name] === undefined ? undefined : ts.createSourceFile(name, files[name], language),
    }
    assert.deepEqual(undocumented(['/a.ts'], host), ['first', 'b.one', 'b.Three'])
  })
})
