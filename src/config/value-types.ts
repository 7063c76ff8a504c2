import { z } from 'zod'
import { parseSubjectPart, type SubjectPart } from '../gateway/index.ts'
import { formatByteSize, parseByteSize } from '../shared/byte-size.ts'
import { formatDuration, parseDuration } from '../shared/duration.ts'
import { parseStoreUrl } from '../store/index.ts'

/** What an option may be: how a file writes it, how an environment variable or a flag does. */
export interface ValueType<Schema extends z.ZodType = z.ZodType> {
  /** From what the file says to what the program uses. */
  readonly schema: Schema
  /** Ends the sentence "expected …" and is the type column of docs/CONFIG.md. */
  readonly expected: string
  /** The text of a variable or a flag as the file would have written it; the schema judges it. */
  readonly fromText: (text: string) => unknown
}

interface Range {
  readonly min: number
  readonly max: number
}

/** A range in the grammar of the type itself: `10ms`, `1kb`. */
interface WrittenRange {
  readonly min: string
  readonly max: string
}

const asIs = (text: string): unknown => text
const numberFromText = (text: string): unknown => (/^-?\d+$/.test(text) ? Number(text) : text)

export const integer = ({ min, max }: Range): ValueType<z.ZodType<number, number>> => ({
  schema: z.int().min(min).max(max),
  expected: `an integer from ${min} to ${max}`,
  fromText: numberFromText,
})

/** 0 picks a free port. */
export const port = integer({ min: 0, max: 65_535 })

/** The words are those that Hasura takes (`Hasura.Server.Init.Env`). */
export const BOOLEAN_WORDS: ReadonlyMap<string, boolean> = new Map<string, boolean>([
  ...['true', 't', 'yes', 'y', '1'].map((word) => [word, true] as const),
  ...['false', 'f', 'no', 'n', '0'].map((word) => [word, false] as const),
])

export const boolean = {
  schema: z.boolean(),
  expected: 'true or false',
  fromText: (text: string): unknown => BOOLEAN_WORDS.get(text.toLowerCase()) ?? text,
}

export const text = {
  schema: z.string().min(1),
  expected: 'a text that is not empty',
  fromText: asIs,
}

export const oneOf = <const Word extends string>(
  words: readonly [Word, ...Word[]],
): ValueType<z.ZodType<Word, Word>> => ({
  schema: z.enum(words),
  expected: `one of ${words.join(', ')}`,
  fromText: asIs,
})

/** As redis.conf has them after `save`: so many seconds and changes, in pairs. */
export const savePoints = {
  schema: z.string().regex(/^$|^[1-9]\d{0,8} \d{1,9}( [1-9]\d{0,8} \d{1,9})*$/),
  expected: 'pairs of seconds and changes, such as "3600 1 300 100", or "" for none',
  fromText: asIs,
}

export const name = {
  schema: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  expected: 'up to 64 letters, digits, "_" and "-"',
  fromText: asIs,
}

export const textList = {
  schema: z.array(z.string().min(1)).readonly(),
  expected: 'a list of texts',
  fromText: (list: string): unknown => list.split(',').map((item) => item.trim()),
}

/** Only a file can hold rules: no variable and no flag sets them. */
export const listOf = <Rule extends z.ZodType>(
  rule: Rule,
): ValueType<z.ZodReadonly<z.ZodArray<Rule>>> => ({
  schema: z.array(rule).readonly(),
  expected: 'a list of rules',
  fromText: asIs,
})

/** Milliseconds inside, `10s` outside. */
export const duration = ({ min, max }: WrittenRange): ValueType<z.ZodType<number, string | 0>> => {
  const range = { min: parseDuration(min) ?? 0, max: parseDuration(max) ?? 0 }
  const written = z.union([z.literal(0), z.string().regex(/^(\d+(\.\d+)?(ms|s|m|h|d)|0)$/)])
  return {
    schema: written.transform((value, context) =>
      inRange(parseDuration(String(value)), range, context),
    ),
    expected: `a duration with its unit (ms, s, m, h, d) from ${formatDuration(range.min)} to ${formatDuration(range.max)}`,
    fromText: asIs,
  }
}

/** Bytes inside, `256mb` outside. */
export const byteSize = ({
  min,
  max,
}: WrittenRange): ValueType<z.ZodType<number, string | number>> => {
  const range = { min: parseByteSize(min) ?? 0, max: parseByteSize(max) ?? 0 }
  const written = z.union([z.int().min(0), z.string().regex(/^\d+([kmg]?b?)$/i)])
  return {
    schema: written.transform((value, context) =>
      inRange(parseByteSize(String(value)), range, context),
    ),
    expected: `a size (b, kb, mb, gb) from ${formatByteSize(range.min)} to ${formatByteSize(range.max)}`,
    fromText: asIs,
  }
}

const HTTP_URL = 'an http:// or https:// URL without credentials, query and fragment'

export const httpUrl = {
  schema: z
    .string()
    .refine(isPlainHttpUrl, { error: `expected ${HTTP_URL}` })
    .transform(withoutTrailingSlash),
  expected: HTTP_URL,
  fromText: asIs,
}

const HOOK_URL = 'an http:// or https:// URL without credentials and fragment'

/** As `httpUrl`, and a query that the webhook may want. */
export const hookUrl = {
  schema: z.string().refine(isHookUrl, { error: `expected ${HOOK_URL}` }),
  expected: HOOK_URL,
  fromText: asIs,
}

/** Below the root, which is Hasura's, and nothing a router would read as a pattern. */
export const urlPath = {
  schema: z.string().regex(/^(?:\/[A-Za-z0-9_-]{1,64}){1,8}$/),
  expected: 'a path such as /events, of letters, digits, "_" and "-"',
  fromText: asIs,
}

export const storeUrl = {
  schema: z.string().refine((value) => parseStoreUrl(value) !== undefined),
  expected: '"embedded:" or redis[s]://[[user]:password@]host[:port][/database]',
  fromText: asIs,
}

const subjectPart = z.string().transform((value, context): SubjectPart => {
  const part = parseSubjectPart(value)
  if (part !== undefined) return part
  context.addIssue({ code: 'invalid_value', values: [] })
  return z.NEVER
})

/** One part or a list of them. */
export const subject = {
  schema: z.union([subjectPart.transform((part) => [part]), z.array(subjectPart)]).readonly(),
  expected:
    'user, role, ip, operation, root_field, x-hasura-<name>, header:<name>, or a list of them',
  fromText: asIs,
}

export const rejectStatus = {
  schema: z.union([z.literal(200), z.literal(429)]),
  expected: '200 or 429',
  fromText: numberFromText,
}

const REMOTE_STORE_URL = 'redis[s]://[[user]:password@]host[:port][/database]'

export const remoteStoreUrl = {
  schema: z
    .string()
    .refine((value) => parseStoreUrl(value)?.kind === 'remote', `expected ${REMOTE_STORE_URL}`),
  expected: REMOTE_STORE_URL,
  fromText: asIs,
}

function inRange(value: number | undefined, { min, max }: Range, context: z.RefinementCtx): number {
  if (value !== undefined && value >= min && value <= max) return value
  context.addIssue({ code: 'invalid_value', values: [] })
  return z.NEVER
}

function isPlainHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, username, password, search, hash } = new URL(value)
  const isHttp = protocol === 'http:' || protocol === 'https:'
  return isHttp && `${username}${password}${search}${hash}` === ''
}

function isHookUrl(value: string): boolean {
  return URL.canParse(value) && isPlainHttpUrl(value.replace(/\?.*$/s, ''))
}

function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
