/** One name of redis.conf and CONFIG: how its value is read and told. */
export interface Directive {
  readonly name: string
  readonly type: DirectiveType
  readonly defaultValue: string
  /** Whether CONFIG SET may change it while the server runs. */
  readonly isMutable: boolean
}

export type DirectiveType =
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'memory'; readonly min: number; readonly max: number }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'enum'; readonly values: readonly string[] }
  | { readonly kind: 'string' }
  /** Of all values that Redis takes the one that can be kept here; any other is refused, saying why. */
  | { readonly kind: 'only'; readonly value: string; readonly why: string }
  | { readonly kind: 'output-limits' }
  | { readonly kind: 'event-classes' }

/** The value as CONFIG GET tells it, or why it cannot be taken, in the words of config.c. */
export type NormalizedValue = { readonly value: string } | { readonly error: string }

const MEMORY_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1_000,
  kb: 1_024,
  m: 1_000_000,
  mb: 1_024 ** 2,
  g: 1_000_000_000,
  gb: 1_024 ** 3,
}

export function normalizeValue(type: DirectiveType, text: string): NormalizedValue {
  switch (type.kind) {
    case 'string':
      return { value: text }
    case 'output-limits':
      return normalizeOutputLimits(text)
    case 'event-classes':
      return normalizeEventClasses(text)
    case 'only':
      return text.toLowerCase() === type.value ? { value: type.value } : { error: type.why }
    case 'boolean':
      return normalizeBoolean(text)
    case 'enum':
      return normalizeEnum(type.values, text)
    case 'memory':
      return normalizeNumber(type, parseMemory(text), 'argument must be a memory value')
    case 'integer':
      return normalizeNumber(
        type,
        parseInteger(text),
        "argument couldn't be parsed into an integer",
      )
  }
}

/** "100mb" in bytes, as redis.conf counts; `undefined` when it is no amount of memory. */
export function parseMemory(text: string): number | undefined {
  const match = /^(\d+)([a-z]*)$/i.exec(text)
  const unit = MEMORY_UNITS[match?.[2]?.toLowerCase() ?? '']
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit
}

/** In the order of notify.c. */
const EVENT_LETTERS = 'g$lshzxetdnKEm'
const ALL_EVENT_LETTERS = 'g$lshzxetd'

/** Each letter once; all classes but new keys and misses are A together. */
function normalizeEventClasses(text: string): NormalizedValue {
  if (!/^[Ag$lshzxeKEtmdn]*$/.test(text)) {
    return { error: "Invalid event class character. Use 'Ag$lshzxeKEtmdn'." }
  }
  const given = new Set(text.replaceAll('A', ALL_EVENT_LETTERS))
  const letters = EVENT_LETTERS.split('')
    .filter((letter) => given.has(letter))
    .join('')
  return { value: letters.replace(ALL_EVENT_LETTERS, 'A') }
}

const CLIENT_CLASSES: Readonly<Record<string, string>> = {
  normal: 'normal',
  slave: 'slave',
  replica: 'slave',
  pubsub: 'pubsub',
}

/** `class hard soft seconds`, once or more: client-output-buffer-limit. */
function normalizeOutputLimits(text: string): NormalizedValue {
  const words = text.split(/\s+/)
  if (words.length % 4 !== 0)
    return { error: 'Wrong number of arguments in buffer limit configuration.' }
  const limits: string[] = []
  for (let index = 0; index < words.length; index += 4) {
    const [name = '', hard = '', soft = '', seconds = ''] = words.slice(index, index + 4)
    const clientClass = CLIENT_CLASSES[name.toLowerCase()]
    if (clientClass === undefined) {
      return { error: 'Invalid client class specified in buffer limit configuration.' }
    }
    const hardBytes = parseMemory(hard)
    const softBytes = parseMemory(soft)
    if (hardBytes === undefined || softBytes === undefined || !/^\d+$/.test(seconds)) {
      return { error: 'Error in hard, soft or soft_seconds setting in buffer limit configuration.' }
    }
    limits.push(`${clientClass} ${hardBytes} ${softBytes} ${Number(seconds)}`)
  }
  return { value: limits.join(' ') }
}

function parseInteger(text: string): number | undefined {
  return /^-?\d+$/.test(text) ? Number(text) : undefined
}

function normalizeBoolean(text: string): NormalizedValue {
  const value = text.toLowerCase()
  return value === 'yes' || value === 'no' ? { value } : { error: "argument must be 'yes' or 'no'" }
}

function normalizeEnum(values: readonly string[], text: string): NormalizedValue {
  const value = text.toLowerCase()
  if (values.includes(value)) return { value }
  return { error: `argument(s) must be one of the following: ${values.join(', ')}` }
}

function normalizeNumber(
  range: { readonly min: number; readonly max: number },
  value: number | undefined,
  unreadable: string,
): NormalizedValue {
  if (value === undefined) return { error: unreadable }
  if (value >= range.min && value <= range.max) return { value: String(value) }
  return { error: `argument must be between ${range.min} and ${range.max} inclusive` }
}
