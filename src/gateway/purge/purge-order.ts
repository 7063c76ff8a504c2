import { z } from 'zod'
import { GatewayError } from '../errors.ts'

const text = z.string().min(1).max(1_000)
/** `schema.name`, or `name` in the public schema. */
const table = text.transform((name) => (name.includes('.') ? name : `public.${name}`))
const source = text.default('default')
/** As X-Hasura-Query-Cache-Key and X-Hasura-Query-Family-Cache-Key show them. */
const shownDigest = z.string().regex(/^[\da-f]{40}$/, 'expected 40 hexadecimal digits')
/** Integers beyond 2^53 are written as strings. */
const columnValue = z.union([z.string().max(1_000), z.int()])

const what = z.union([
  z.strictObject({ key: shownDigest }),
  z.strictObject({ family: shownDigest }),
  z.strictObject({ operation: text }),
  z.strictObject({ table, source }),
  z.strictObject({
    row: z.strictObject({
      table,
      source,
      /** Its primary key: values by the names of the columns in the database. */
      key: z.record(z.string(), columnValue),
    }),
  }),
  z.strictObject({ role: text }),
  z.strictObject({
    session_variable: z.strictObject({
      name: text.transform((name) => name.toLowerCase()),
      value: z.string().max(100_000),
    }),
  }),
  z.strictObject({ tag: text }),
  z.strictObject({ everything: z.literal(true) }),
])

const order = z.strictObject({
  what,
  mode: z.enum(['hard', 'soft']).default('hard'),
  dry_run: z.boolean().default(false),
  why: z.string().max(500).optional(),
})

export type PurgeTarget = z.output<typeof what>

export interface PurgeOrder {
  readonly what: PurgeTarget
  readonly mode: 'hard' | 'soft'
  readonly isDryRun: boolean
  readonly why: string | undefined
}

const KINDS = 'key, family, operation, table, row, role, session_variable, tag or everything'

/** The body of POST /purge, parsed. Throws a GatewayError that says what is wrong. */
export function parsePurgeOrder(body: unknown): PurgeOrder {
  const parsed = order.safeParse(body)
  if (parsed.success) {
    const { dry_run: isDryRun, why, ...rest } = parsed.data
    return { ...rest, isDryRun, why }
  }
  const [issue] = parsed.error.issues
  const path = ['$', ...(issue?.path ?? []).map(String)].join('.')
  const message =
    issue?.code === 'invalid_union'
      ? `"what" takes exactly one of ${KINDS}, as docs/OPERATIONS.md shows`
      : (issue?.message ?? 'not a purge')
  throw new GatewayError('unexpected-payload', message, { path })
}
