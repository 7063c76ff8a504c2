import { quoteArgument, splitArguments } from '../protocol/inline-arguments.ts'

/** `b`: where everything starts; `i`: what came after it, in order; `h`: what is needed no more. */
export type LogFileType = 'b' | 'h' | 'i'

export interface LogFile {
  readonly name: string
  readonly sequence: number
  readonly type: LogFileType
}

/** The manifest is damaged. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError'
}

/** A line is longer than Redis reads (aof.c, MANIFEST_MAX_LINE). */
const LINE_LENGTH_MAX = 1_024
const FIELDS_MIN = 6
const PLAIN_NAME = /^[!#-[\]-~]+$/

/** Which files make up the log, in the order they are to be read. */
export interface AofManifest {
  readonly base: LogFile | undefined
  readonly increments: readonly LogFile[]
  readonly history: readonly LogFile[]
}

export const EMPTY_MANIFEST: AofManifest = { base: undefined, increments: [], history: [] }

export function parseManifest(text: string): AofManifest {
  if (text === '') throw new ManifestError('Found an empty AOF manifest')
  let base: LogFile | undefined
  const increments: LogFile[] = []
  const history: LogFile[] = []
  const lines = text.split('\n')
  lines.forEach((line, index) => {
    const isLast = index === lines.length - 1
    if (line.startsWith('#') || (isLast && line === '')) return
    if (isLast || line.length >= LINE_LENGTH_MAX) {
      throw new ManifestError('The AOF manifest file contains too long line')
    }
    const file = parseLine(line.trim())
    if (file.type === 'h') history.push(file)
    else if (file.type === 'i') {
      if (file.sequence <= (increments.at(-1)?.sequence ?? 0)) {
        throw new ManifestError('Found a non-monotonic sequence number')
      }
      increments.push(file)
    } else {
      if (base !== undefined) throw new ManifestError('Found duplicate base file information')
      base = file
    }
  })
  return { base, increments, history }
}

export function formatManifest({ base, increments, history }: AofManifest): string {
  const files = [...(base === undefined ? [] : [base]), ...history, ...increments]
  return files
    .map(({ name, sequence, type }) => `file ${spelled(name)} seq ${sequence} type ${type}\n`)
    .join('')
}

/** In quotes only where it has to be, as Redis writes it. */
function spelled(name: string): string {
  return PLAIN_NAME.test(name) ? name : quoteArgument(name)
}

function parseLine(line: string): LogFile {
  const words = splitArguments(line)
  const isEven = words !== undefined && words.length >= FIELDS_MIN && words.length % 2 === 0
  if (!isEven) throw new ManifestError('Invalid AOF manifest file format')
  let [name, sequence, type] = ['', 0, '']
  const keys = new Set<string>()
  // Other fields may come with later versions. One that comes twice is of two lines whose end was lost.
  for (let index = 0; index < words.length; index += 2) {
    const value = words[index + 1] ?? ''
    const key = words[index]?.toLowerCase() ?? ''
    if (keys.has(key)) throw new ManifestError('Invalid AOF manifest file format')
    keys.add(key)
    if (key === 'file') name = value
    else if (key === 'seq') sequence = Number.parseInt(value, 10) || 0
    else if (key === 'type') type = value.charAt(0)
  }
  if (/[/\\]/.test(name)) throw new ManifestError("File can't be a path, just a filename")
  if (name === '' || sequence === 0 || type === '') {
    throw new ManifestError('Invalid AOF manifest file format')
  }
  if (type !== 'b' && type !== 'h' && type !== 'i') {
    throw new ManifestError('Unknown AOF file type')
  }
  return { name, sequence, type }
}
