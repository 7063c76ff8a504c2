import { quoteArgument } from '../protocol/inline-arguments.ts'
import type { DirectiveType, ReadValue } from './directive.ts'

const MEMORY_UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  b: 1n,
  k: 1_000n,
  kb: 1_024n,
  m: 1_000_000n,
  mb: 1_024n ** 2n,
  g: 1_000_000_000n,
  gb: 1_024n ** 3n,
}

interface Bounds {
  readonly min: bigint
  readonly max: bigint
}

/** A type whose value is one word. */
function single(
  syntax: string,
  read: (text: string) => ReadValue,
  line: (value: string) => string = (value) => value,
): DirectiveType {
  return {
    syntax,
    isMultiple: false,
    read: ([text = '']) => read(text),
    lines: (value) => [line(value)],
  }
}

export const text: DirectiveType = single('text', (value) => ({ value }), quoteArgument)

/** A text that must pass a check, which gives the reason when it does not. */
export function checkedText(check: (value: string) => string | undefined): DirectiveType {
  const read = (value: string): ReadValue => {
    const error = check(value)
    return error === undefined ? { value } : { error }
  }
  return single('text', read, quoteArgument)
}

export const boolean: DirectiveType = single('yes, no', (given) => {
  const value = given.toLowerCase()
  return value === 'yes' || value === 'no' ? { value } : { error: "argument must be 'yes' or 'no'" }
})

/** Memory is not jemalloc's: Redis says so, too, where it is built with another. */
export const activeDefragmentation: DirectiveType = single('no', (given) => {
  const read = boolean.read([given], '')
  if ('error' in read || read.value === 'no') return read
  return {
    error:
      'Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc like the one shipped by default with the Redis source distribution',
  }
})

/** One of the words; `synonyms` are told under the word they mean. */
export function oneOf(
  words: readonly string[],
  synonyms: Readonly<Record<string, string>> = {},
): DirectiveType {
  const told = words.filter((word) => synonyms[word] === undefined)
  return single(told.join(', '), (given) => {
    const word = given.toLowerCase()
    if (words.includes(word)) return { value: synonyms[word] ?? word }
    return { error: `argument(s) must be one of the following: ${words.join(', ')}` }
  })
}

/** Of all values that Redis takes the one that can be kept here; any other is refused, saying why. */
export function only(allowed: string, why: string): DirectiveType {
  return single(allowed, (given) =>
    given.toLowerCase() === allowed ? { value: allowed } : { error: why },
  )
}

export function integer(bounds: Bounds): DirectiveType {
  return single('integer', (given) => {
    const value = parseInteger(given)
    if (value === undefined) return { error: "argument couldn't be parsed into an integer" }
    return withinBounds(value, bounds, String)
  })
}

/** What lies beyond the limits counts as the limit. */
export function limitedInteger(bounds: Bounds, limits: Bounds): DirectiveType {
  const { read } = integer(bounds)
  return single('integer', (given) => {
    const found = read([given], '')
    if ('error' in found) return found
    const value = BigInt(found.value)
    if (value < limits.min) return { value: String(limits.min) }
    return value > limits.max ? { value: String(limits.max) } : found
  })
}

export function memory(bounds: Bounds): DirectiveType {
  return single(
    'bytes',
    (given) => {
      const value = parseMemory(given)
      if (value === undefined) return { error: 'argument must be a memory value' }
      return withinBounds(value, bounds, String)
    },
    formatMemory,
  )
}

/** An amount of memory, or a share of maxmemory as `5%`. */
export function memoryOrPercent(max: bigint): DirectiveType {
  const read = (given: string): ReadValue => {
    const percent = given.endsWith('%') ? parseInteger(given.slice(0, -1)) : undefined
    if (percent !== undefined && percent >= 0n) {
      if (percent <= 100n) return { value: percent === 0n ? '0' : `${percent}%` }
      return { error: 'percentage argument must be less or equal to 100' }
    }
    const bytes = parseMemory(given)
    if (bytes === undefined) return { error: 'argument must be a memory or percent value' }
    return withinBounds(bytes, { min: -100n, max }, String)
  }
  return single('bytes or a percentage', read, (value) =>
    value.endsWith('%') ? value : formatMemory(value),
  )
}

export function octal(bounds: Bounds): DirectiveType {
  const format = (value: bigint): string => value.toString(8)
  return single('octal', (given) => {
    if (!/^[0-7]+$/.test(given)) return { error: "argument couldn't be parsed as an octal number" }
    return withinBounds(BigInt(`0o${given}`), bounds, format)
  })
}

/** "100mb" in bytes, as redis.conf counts; `undefined` when it is no amount of memory. */
export function parseMemory(given: string): bigint | undefined {
  const match = /^(\d+)([a-z]*)$/i.exec(given)
  const unit = MEMORY_UNITS[match?.[2]?.toLowerCase() ?? '']
  return match === null || unit === undefined ? undefined : BigInt(match[1] ?? 0) * unit
}

/** As CONFIG REWRITE writes it: in the largest unit that leaves no rest. */
export function formatMemory(value: string): string {
  const bytes = BigInt(value)
  if (bytes === 0n) return '0'
  for (const unit of ['gb', 'mb', 'kb']) {
    const size = MEMORY_UNITS[unit] ?? 1n
    if (bytes % size === 0n) return `${bytes / size}${unit}`
  }
  return value
}

function parseInteger(given: string): bigint | undefined {
  return /^(?:0|-?[1-9]\d{0,18})$/.test(given) ? BigInt(given) : undefined
}

function withinBounds(
  value: bigint,
  { min, max }: Bounds,
  format: (value: bigint) => string,
): ReadValue {
  if (value >= min && value <= max) return { value: format(value) }
  return { error: `argument must be between ${format(min)} and ${format(max)} inclusive` }
}
