import { quoteArgument } from '../protocol/inline-arguments.ts'
import type { DirectiveType, ReadValue } from './directive.ts'
import { formatMemory, parseMemory } from './simple-types.ts'

/** Addresses one server listens on at most (server.h, CONFIG_BINDADDR_MAX). */
const BIND_ADDRESSES_MAX = 16
const OOM_SCORES = 3
const OOM_SCORE_MAX = 2_000

const CLIENT_CLASSES: Readonly<Record<string, string>> = {
  normal: 'normal',
  slave: 'slave',
  replica: 'slave',
  pubsub: 'pubsub',
}

/** A type whose value is a row of words, on one line. */
function row(
  syntax: string,
  read: (words: readonly string[]) => ReadValue,
  line: (value: string) => string = (value) => value,
): DirectiveType {
  return { syntax, isMultiple: true, read, lines: (value) => [line(value)] }
}

/** One word that is empty stands for no word. */
function isNothing(words: readonly string[]): boolean {
  return words.length === 0 || (words.length === 1 && words[0] === '')
}

/** Flags that may stand together, told in this order; `first` stands for none of them. */
export function flags(
  first: string,
  others: readonly string[],
  check: (given: ReadonlySet<string>) => string | undefined,
): DirectiveType {
  const words = [first, ...others]
  return row(words.join(', '), (given) => {
    const set = new Set(given.map((word) => word.toLowerCase()))
    if (set.size === 0 || [...set].some((word) => !words.includes(word))) {
      return { error: `argument(s) must be one of the following: ${words.join(', ')}` }
    }
    const error = check(set)
    if (error !== undefined) return { error }
    return { value: others.filter((word) => set.has(word)).join(' ') || first }
  })
}

/** `seconds changes`, once or more; nothing for no snapshots at all. */
export const savePoints: DirectiveType = {
  syntax: 'seconds changes …',
  isMultiple: true,
  isRepeated: true,
  read: (words, current) => {
    if (isNothing(words)) return { value: '' }
    const isValid =
      words.length % 2 === 0 &&
      words.every((word, index) => /^\d+$/.test(word) && (index % 2 === 1 || Number(word) >= 1))
    if (!isValid) return { error: 'Invalid save parameters' }
    const points = words.map(Number).join(' ')
    return { value: current === '' ? points : `${current} ${points}` }
  },
  lines: (value) => (value === '' ? ['""'] : (value.match(/\d+ \d+/g) ?? [])),
}

/** `class hard soft seconds`, once or more; classes that are not named stay as they are. */
export const outputLimits: DirectiveType = {
  syntax: 'class hard soft seconds …',
  isMultiple: true,
  read: (words, current) => {
    if (words.length % 4 !== 0) {
      return { error: 'Wrong number of arguments in buffer limit configuration.' }
    }
    const limits = new Map<string, string>()
    for (const limit of limitsOf(current)) limits.set(limit.slice(0, limit.indexOf(' ')), limit)
    for (let index = 0; index < words.length; index += 4) {
      const read = readOutputLimit(words.slice(index, index + 4))
      if ('error' in read) return read
      limits.set(read.value.slice(0, read.value.indexOf(' ')), read.value)
    }
    return { value: [...limits.values()].join(' ') }
  },
  lines: (value) =>
    limitsOf(value).map((limit) => {
      const [name = '', hard = '', soft = '', seconds = ''] = limit.split(' ')
      const clientClass = name === 'slave' ? 'replica' : name
      return `${clientClass} ${formatMemory(hard)} ${formatMemory(soft)} ${seconds}`
    }),
}

/** Takes the type's empty value and refuses any other, saying why. */
export function onlyEmpty(type: DirectiveType, why: string): DirectiveType {
  const read = (words: readonly string[]): ReadValue => {
    const read = type.read(words, '')
    return 'error' in read || read.value === '' ? read : { error: why }
  }
  return { ...type, read }
}

function limitsOf(value: string): readonly string[] {
  return value.match(/\S+ \d+ \d+ \d+/g) ?? []
}

function readOutputLimit([name = '', hard = '', soft = '', seconds = '']: readonly string[]):
  | { readonly value: string }
  | { readonly error: string } {
  const clientClass = CLIENT_CLASSES[name.toLowerCase()]
  if (clientClass === undefined) {
    return { error: 'Invalid client class specified in buffer limit configuration.' }
  }
  const hardBytes = parseMemory(hard)
  const softBytes = parseMemory(soft)
  if (hardBytes === undefined || softBytes === undefined || !/^\d+$/.test(seconds)) {
    return { error: 'Error in hard, soft or soft_seconds setting in buffer limit configuration.' }
  }
  return { value: `${clientClass} ${hardBytes} ${softBytes} ${Number(seconds)}` }
}

export const bindAddresses: DirectiveType = row(
  'address …',
  (words) => {
    if (isNothing(words)) return { value: '' }
    if (words.length > BIND_ADDRESSES_MAX) return { error: 'Too many bind addresses specified.' }
    return { value: words.join(' ') }
  },
  (value) => (value === '' ? '""' : value),
)

export const oomScores: DirectiveType = row('primary replica child', (words) => {
  if (words.length !== OOM_SCORES) return { error: 'wrong number of arguments' }
  const isValid = words.every(
    (word) => /^-?\d+$/.test(word) && Math.abs(Number(word)) <= OOM_SCORE_MAX,
  )
  if (isValid) return { value: words.map(Number).join(' ') }
  return { error: 'Invalid oom-score-adj-values, elements must be between -2000 and 2000.' }
})

export const percentiles: DirectiveType = row(
  'percentage …',
  (words) => {
    if (isNothing(words)) return { value: '' }
    const values = words.map(Number)
    if (words.includes('') || values.some(Number.isNaN)) {
      return { error: 'Invalid latency-tracking-info-percentiles parameters' }
    }
    if (values.some((value) => value > 100 || value < 0)) {
      return {
        error: 'latency-tracking-info-percentiles parameters should sit between [0.0,100.0]',
      }
    }
    return { value: values.map((value) => String(Number(value.toFixed(6)))).join(' ') }
  },
  (value) => (value === '' ? '""' : value),
)

/** `host port`, or `no one`. */
export const primaryAddress: DirectiveType = {
  syntax: 'host port',
  isMultiple: true,
  read: (words) => {
    const [host = '', port = ''] = words
    if (words.length === 1 && host === '') return { value: '' }
    if (words.length !== 2) return { error: 'wrong number of arguments' }
    if (host.toLowerCase() === 'no' && port.toLowerCase() === 'one') return { value: '' }
    if (!/^\d+$/.test(port) || Number(port) > 65_535) return { error: 'Invalid master port' }
    return { value: `${host} ${Number(port)}` }
  },
  lines: (value) => (value === '' ? [] : [value]),
}

/** Letters of the classes that `A` stands for, in the order they are told (notify.c). */
const ALL_EVENTS = 'g$lshzxetd'
const OTHER_EVENTS = 'nKEm'
const EVENT_LETTERS = `A${ALL_EVENTS}${OTHER_EVENTS}`

/** Letters of event classes; told with `A` for all that it means. */
export const eventClasses: DirectiveType = {
  syntax: 'letters of Ag$lshzxeKEtmdn',
  isMultiple: false,
  read: ([letters = '']) => {
    const given = new Set(letters)
    if (Array.from(given).some((letter) => !EVENT_LETTERS.includes(letter))) {
      return { error: "Invalid event class character. Use 'Ag$lshzxeKEtmdn'." }
    }
    const isAll = given.has('A') || Array.from(ALL_EVENTS).every((letter) => given.has(letter))
    const classes = isAll
      ? 'A'
      : Array.from(ALL_EVENTS)
          .filter((letter) => given.has(letter))
          .join('')
    const others = Array.from(OTHER_EVENTS)
      .filter((letter) => given.has(letter))
      .join('')
    return { value: `${classes}${others}` }
  },
  lines: (value) => [quoteArgument(value)],
}
