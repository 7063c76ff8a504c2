import type { CommandContext } from '../execution/context.ts'

const STAR = 0x2a
const SELF = 0x23
const ARROW = '->'

/** Where the element goes in a pattern; -1 when nowhere. Redis reads patterns up to their first zero byte. */
export function placeholderOf(pattern: Buffer): number {
  return textOf(pattern).indexOf(STAR)
}

/**
 * The value that BY or GET means for an element: the element itself (`#`), the string at the key that the pattern
 * gives, or the field of the hash there (`key_*->field`). Undefined when there is none.
 */
export function lookUpPattern(
  context: CommandContext,
  pattern: Buffer,
  element: Buffer,
): Buffer | undefined {
  const text = textOf(pattern)
  if (text.length === 1 && text[0] === SELF) return element
  const star = text.indexOf(STAR)
  if (star < 0) return undefined
  const arrow = text.indexOf(ARROW, star + 1)
  const isField = arrow >= 0 && arrow + ARROW.length < text.length
  const keyEnd = isField ? arrow : pattern.length
  const key = Buffer.concat([
    pattern.subarray(0, star),
    element,
    pattern.subarray(star + 1, keyEnd),
  ])
  const field = isField ? pattern.subarray(arrow + ARROW.length) : undefined
  return read(context, key, field)
}

function read(
  { collections, database }: CommandContext,
  key: Buffer,
  field: Buffer | undefined,
): Buffer | undefined {
  const record = database.find(key, 0, key.length)
  if (record === 0) return undefined
  const type = database.type(record)
  if (field === undefined) {
    if (type !== 'string') return undefined
    const start = database.valueStart(record)
    const length = database.valueLength(record)
    return Buffer.from(database.bytes(record).subarray(start, start + length))
  }
  if (type !== 'hash') return undefined
  collections.hash.open(database, record)
  if (!collections.hash.find(field, 0, field.length)) return undefined
  return Buffer.from(collections.hash.value.view())
}

function textOf(pattern: Buffer): Buffer {
  const end = pattern.indexOf(0)
  return end < 0 ? pattern : pattern.subarray(0, end)
}
