import { isCollection, LineCounter, parseDocument } from 'yaml'
import type { Problem } from './config-error.ts'

export interface YamlFile {
  /** The mapping the file holds; empty for an empty file. */
  readonly tree: Readonly<Record<string, unknown>>
  readonly problems: readonly Problem[]
  /** `file:line:column` of the value at `path`, or of the nearest one around it; `undefined` without any. */
  locate(path: readonly PropertyKey[]): string | undefined
  /** `file:line:column` of a key in the mapping at `path`. */
  locateKey(path: readonly PropertyKey[], key: string): string | undefined
}

/** A document whose aliases expand beyond this is an attack, or a mistake. */
const ALIAS_COUNT_MAX = 100

export function parseYamlFile(fileName: string, text: string): YamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const position = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${fileName}:${line}:${col}`
  }
  const startOf = (node: unknown): string | undefined =>
    hasRange(node) ? position(node.range[0]) : undefined

  const locate = (path: readonly PropertyKey[]): string | undefined => {
    for (let length = path.length; length > 0; length -= 1) {
      const found = startOf(document.getIn(path.slice(0, length), true))
      if (found !== undefined) return found
    }
    return undefined
  }
  const locateKey = (path: readonly PropertyKey[], key: string): string | undefined => {
    const mapping = path.length === 0 ? document.contents : document.getIn(path, true)
    const pairs: readonly unknown[] = isCollection(mapping) ? mapping.items : []
    const keys = pairs.map((pair) => (hasKey(pair) ? pair.key : undefined))
    return startOf(keys.find((node) => String(node) === key)) ?? locate(path)
  }

  const problems = document.errors.map((error) => ({
    where: position(error.pos[0]),
    key: undefined,
    message: error.message,
  }))
  const file = { locate, locateKey }
  if (problems.length > 0) return { ...file, tree: {}, problems }
  const tree: unknown = document.toJS({ maxAliasCount: ALIAS_COUNT_MAX })
  if (tree === null || tree === undefined) return { ...file, tree: {}, problems }
  if (isMapping(tree)) return { ...file, tree, problems }
  const message = 'expected a mapping of sections, such as "server:"'
  return { ...file, tree: {}, problems: [{ where: position(0), key: undefined, message }] }
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasRange(node: unknown): node is { readonly range: readonly [number, number, number] } {
  return isMapping(node) && Array.isArray(node['range'])
}

function hasKey(pair: unknown): pair is { readonly key: unknown } {
  return isMapping(pair) && 'key' in pair
}
