import { z } from 'zod'
import { GatewayError } from '../errors.ts'

const text = z.string().min(1).max(1_000)

const what = z.union([
  z.strictObject({ session: z.string().regex(/^[\w-]{22}$/, 'expected the id of a session') }),
  z.strictObject({ token: text }),
  z.strictObject({ user: text }),
  z.strictObject({ everyone: z.literal(true) }),
])

const order = z.strictObject({
  what,
  /** Tokens issued until then; now unless given. */
  since: z.iso.datetime({ offset: true }).optional(),
  why: z.string().max(500).optional(),
})

export type RevocationTarget = z.output<typeof what>

export interface RevocationOrder {
  readonly what: RevocationTarget
  readonly sinceMs: number | undefined
  readonly why: string | undefined
}

/** The body of POST /revoke, parsed. Throws a GatewayError that says what is wrong. */
export function parseRevocationOrder(body: unknown, nowMs: number): RevocationOrder {
  const parsed = order.safeParse(body)
  if (parsed.success) {
    const { since, why } = parsed.data
    const sinceMs = since === undefined ? undefined : Date.parse(since)
    if (sinceMs === undefined || sinceMs <= nowMs) return { what: parsed.data.what, sinceMs, why }
    throw refused('expected an instant that is not to come', '$.since')
  }
  const [issue] = parsed.error.issues
  const message =
    issue?.code === 'invalid_union'
      ? '"what" takes exactly one of session, token, user or everyone, as docs/OPERATIONS.md shows'
      : (issue?.message ?? 'not a revocation')
  throw refused(message, ['$', ...(issue?.path ?? []).map(String)].join('.'))
}

function refused(message: string, path: string): GatewayError {
  return new GatewayError('unexpected-payload', message, { path })
}
