/** Keys and indexes from the root down; empty for the root itself. */
export type JsonPath = readonly (string | number)[]

const NAME = /\.?([A-Za-z_][\w-]*)/y
const INDEX = /\.?\[(\d+)\]/y
const QUOTED = /\.?\[(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\]/y

/**
 * The paths that HASURA_GRAPHQL_JWT_SECRET may hold: `$`, `$.hasura.claims`, `roles[0]`, `$['a b']["c"]`.
 * `undefined` for anything else. Grammar: Data.Parser.JSONPath of graphql-engine v2.
 */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (text === '$') return []
  const path: (string | number)[] = []
  let offset = text.startsWith('$') ? 1 : 0
  do {
    const element = parseElement(text, offset)
    if (element === undefined) return undefined
    path.push(element.step)
    offset = element.end
  } while (offset < text.length)
  return path
}

/** Written as Hasura does in its messages. */
export function formatJsonPath(path: JsonPath): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`
    return /^[A-Za-z_][\w-]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
  })
  return `$${steps.join('')}`
}

/** What stands at the path; `undefined` when nothing does. JSON itself has no `undefined`. */
export function valueAtJsonPath(root: unknown, path: JsonPath): unknown {
  let value = root
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined
    if (Array.isArray(value) !== (typeof step === 'number')) return undefined
    // A claim named like something every object inherits is not there unless the token has it.
    value = Object.getOwnPropertyDescriptor(value, step)?.value
  }
  return value
}

interface Element {
  readonly step: string | number
  readonly end: number
}

function parseElement(text: string, offset: number): Element | undefined {
  const [name, key] = matchAt(NAME, text, offset)
  if (name !== undefined && key !== undefined) return { step: key, end: offset + name.length }
  const [bracket, digits] = matchAt(INDEX, text, offset)
  if (bracket !== undefined) return { step: Number(digits), end: offset + bracket.length }
  const [quoted, double, single = ''] = matchAt(QUOTED, text, offset)
  if (quoted === undefined) return undefined
  const step = unescape(double ?? single.replaceAll("\\'", "'").replaceAll('"', '\\"'))
  return step === undefined ? undefined : { step, end: offset + quoted.length }
}

function matchAt(pattern: RegExp, text: string, offset: number): readonly (string | undefined)[] {
  pattern.lastIndex = offset
  return pattern.exec(text) ?? []
}

function unescape(inQuotes: string): string | undefined {
  try {
    return String(JSON.parse(`"${inQuotes}"`))
  } catch {
    return undefined
  }
}
