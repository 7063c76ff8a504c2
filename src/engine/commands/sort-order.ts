import type { CommandContext } from '../execution/context.ts'
import { parseLenientDouble } from '../structures/parse-double.ts'
import type { SortOptions } from './sort-options.ts'
import { lookUpPattern } from './sort-pattern.ts'

export interface SortElement {
  readonly bytes: Buffer
  /** What numbers are sorted by; 0 where BY finds nothing. */
  score: number
  /** What BY finds, to be sorted as text. */
  weight: Buffer | undefined
}

/** Sorts in place; false when something to sort by is no number. */
export function sortElements(
  context: CommandContext,
  elements: SortElement[],
  options: SortOptions,
): boolean {
  const { by, isAlpha, isDescending, storeAt } = options
  for (const element of elements) {
    const value = by === undefined ? element.bytes : lookUpPattern(context, by, element.bytes)
    if (value === undefined) continue
    if (isAlpha) element.weight = value
    else element.score = scoreOf(value)
    if (Number.isNaN(element.score)) return false
  }
  // What is stored must not depend on a locale: there the bytes decide, all of them.
  const compareText = storeAt > 0 ? compareAll : collate
  const compare = isAlpha ? compareBy(compareText) : compareScores
  const sign = isDescending ? -1 : 1
  elements.sort((left, right) => sign * compare(left, right))
  return true
}

type Compare<T> = (left: T, right: T) => number

/** As strtod in whole; NaN for what is no number or out of range. */
function scoreOf(value: Buffer): number {
  const score = parseLenientDouble(value, 0, value.length)
  if (Number.isFinite(score) || value.toString('latin1').toLowerCase().includes('inf')) return score
  return Number.NaN
}

function compareScores(left: SortElement, right: SortElement): number {
  if (left.score !== right.score) return left.score > right.score ? 1 : -1
  return Buffer.compare(left.bytes, right.bytes)
}

function compareBy(compareText: Compare<Buffer>): Compare<SortElement> {
  return ({ weight: left }, { weight: right }) => {
    if (left === undefined || right === undefined) {
      return Number(left !== undefined) - Number(right !== undefined)
    }
    return compareText(left, right)
  }
}

/** As strcoll does in the C locale: byte by byte, up to the first zero byte. */
function collate(left: Buffer, right: Buffer): number {
  return Buffer.compare(untilZero(left), untilZero(right))
}

function untilZero(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

function compareAll(left: Buffer, right: Buffer): number {
  return Buffer.compare(left, right)
}
