/** What the store keeps of a session. Written once; every request reads it. */
export interface SessionRecord {
  /** Verified anew when it is read: a session is worth no more than its token. */
  readonly token: string
  /** Where the token was found, as `locationName` says it. */
  readonly tokenLocation: string
  /** The role chosen at login, for requests that do not choose. Allowed or not the token says. */
  readonly role: string
  /** As of the login, for lists: what a request may do the token says. */
  readonly userId: string | undefined
  readonly variables: ReadonlyMap<string, string>
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly userAgent: string | undefined
}

/** Raised when the fields change their meaning: records of another version are not read. */
const VERSION = 1

export function encodeSessionRecord(record: SessionRecord): Buffer {
  const variables = Object.fromEntries(record.variables)
  return Buffer.from(JSON.stringify({ version: VERSION, ...record, variables }))
}

/** `undefined` for bytes that are no record of this version. */
export function decodeSessionRecord(bytes: Buffer): SessionRecord | undefined {
  const fields = parseFields(bytes)
  const { token, tokenLocation, role, userId, variables, userAgent } = fields
  const { createdAtMs, expiresAtMs } = fields
  if (fields['version'] !== VERSION) return undefined
  if (typeof token !== 'string' || typeof tokenLocation !== 'string') return undefined
  if (typeof createdAtMs !== 'number' || typeof expiresAtMs !== 'number') return undefined
  if (typeof role !== 'string') return undefined
  return {
    token,
    tokenLocation,
    role,
    userId: optionalText(userId),
    variables: new Map(textEntries(variables)),
    createdAtMs,
    expiresAtMs,
    userAgent: optionalText(userAgent),
  }
}

interface Fields {
  readonly [name: string]: unknown
  readonly token?: unknown
  readonly tokenLocation?: unknown
  readonly role?: unknown
  readonly userId?: unknown
  readonly variables?: unknown
  readonly createdAtMs?: unknown
  readonly expiresAtMs?: unknown
  readonly userAgent?: unknown
}

function parseFields(bytes: Buffer): Fields {
  try {
    const fields: unknown = JSON.parse(bytes.toString())
    return typeof fields === 'object' && fields !== null ? { ...fields } : {}
  } catch {
    return {}
  }
}

function textEntries(value: unknown): readonly (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
