import { z } from 'zod'

/** What a session is worth. The same object while it is remembered: identities hang on it. */
export interface SessionRecord {
  /** Tells it apart, in lists and for administrators; what the cookie holds beside it opens it. */
  readonly id: string
  /** Verified anew when it is read: a session is worth no more than its token. */
  readonly token: string
  /** Where the token was found, as `locationName` says it. */
  readonly tokenLocation: string
  /** The role chosen at login or since, for requests that do not choose. Allowed or not the token says. */
  readonly role: string
  /** The claims as of the login, for lists: what a request may do the token says. */
  readonly userId: string | undefined
  readonly allowedRoles: readonly string[]
  readonly variables: ReadonlyMap<string, string>
  /** Under which the sessions of the user are listed, or those of a token that names none. */
  readonly userDigest: string
  readonly createdAtMs: number
  /** Used or not: the end of its token, or the latest end. */
  readonly expiresAtMs: number
  /** Whatever token it is given. */
  readonly latestEndMs: number
  readonly userAgent: string | undefined
}

/** What changes while a session lives. */
export interface SessionState {
  /** What ids and refresh tokens are made of: 256 random bits in base64url. */
  readonly seed: string
  /** Which id and which refresh token are the present ones. */
  readonly generation: number
  /** When the last generations were replaced, this one's predecessor last. */
  readonly replacedAtMs: readonly number[]
  /** Until then the id of the generation before is good as well: requests may be under way with it. */
  readonly formerIdUntilMs: number
  readonly lastSeenAtMs: number
}

/** What the store keeps of a session. */
export interface StoredSession {
  /** Each write has the next one, and is refused when another came first. */
  readonly version: number
  readonly record: SessionRecord
  readonly state: SessionState
}

/** Raised when the fields change their meaning: sessions of another format are not read. */
const FORMAT = 2

const instant = z.number()
const stored = z.object({
  format: z.literal(FORMAT),
  record: z.object({
    id: z.string(),
    token: z.string(),
    tokenLocation: z.string(),
    role: z.string(),
    userId: z.string().optional(),
    allowedRoles: z.array(z.string()),
    variables: z.record(z.string(), z.string()),
    userDigest: z.string(),
    createdAtMs: instant,
    expiresAtMs: instant,
    latestEndMs: instant,
    userAgent: z.string().optional(),
  }),
  state: z.object({
    seed: z.string(),
    generation: z.int(),
    replacedAtMs: z.array(instant),
    formerIdUntilMs: instant,
    lastSeenAtMs: instant,
  }),
})

export function encodeSession({ record, state }: Omit<StoredSession, 'version'>): Buffer {
  const variables = Object.fromEntries(record.variables)
  return Buffer.from(JSON.stringify({ format: FORMAT, record: { ...record, variables }, state }))
}

/** `undefined` for bytes that are no session of this format. */
export function decodeSession(bytes: Buffer, version: number): StoredSession | undefined {
  const parsed = stored.safeParse(parseJson(bytes))
  if (!parsed.success) return undefined
  const { record, state } = parsed.data
  const { userId, userAgent } = record
  const variables = new Map(Object.entries(record.variables))
  return { version, record: { ...record, userId, userAgent, variables }, state }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
