import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/** One file of src/ imports another; both relative to src/. */
export interface SourceImport {
  readonly from: string
  readonly to: string
  /** `import type`: nothing is loaded for it. */
  readonly isOfTypes: boolean
}

/** Every relative import of src/, but those that a function makes when it runs. */
export function sourceImports(): readonly SourceImport[] {
  const root = resolve('src')
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(STATEMENT)].map(
        ([, ofTypes, path = '']) => ({
          from: file,
          to: relative(root, resolve(root, dirname(file), path)),
          isOfTypes: ofTypes !== undefined,
        }),
      ),
    )
}

/** `import … from`, `export … from`, or `import` alone. What an export defines has a bracket or an equals sign first. */
const STATEMENT = /^(?:(?:import|export)( type)? [^'"=();]*?from|import) '(\.[^']+)'/gm
