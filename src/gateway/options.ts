import type { JwtSecret, TokenRules } from './identity/jwt-secret.ts'
import type { RateLimitOptions } from './ratelimit/limit-options.ts'

/** Everything the gateway can be told. `config/` validates it, `app/compose.ts` hands it over. */
export interface GatewayOptions {
  readonly server: ServerOptions
  readonly upstream: UpstreamOptions
  readonly auth: AuthOptions
  readonly limits: RequestLimits
  readonly queryLimits: QueryLimitOptions
  readonly loadShedding: LoadSheddingOptions
  readonly cache: CacheOptions
  readonly rateLimit: RateLimitOptions
  readonly session: SessionOptions
  readonly revocation: RevocationOptions
  readonly persistedQueries: PersistedQueriesOptions
  readonly trustedDocuments: TrustedDocumentsOptions
  readonly metadata: MetadataOptions
  readonly events: EventOptions
  readonly purge: PurgeOptions
}

export interface ServerOptions {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  /** How many proxies in front are trusted to append to X-Forwarded-For. */
  readonly trustedProxyHops: number
  readonly keepAliveTimeoutMs: number
  /** How long a client may take to send its whole request. */
  readonly requestTimeoutMs: number
  /** How long open requests may take once the gateway was told to stop. */
  readonly shutdownGraceMs: number
  readonly connectionsMax: number
  /** Serve plain GraphQL requests on the socket, before Node.js' HTTP server: http/fast-lane. */
  readonly fastLane: boolean
}

export interface UpstreamOptions {
  /** Base URL of Hasura, without /v1/graphql. */
  readonly url: string
  /**
   * Needed to read metadata. Sent for a client's request only where the gateway says who asks: with the session the
   * webhook gave, or that of a token under auth.upstream_identity.
   */
  readonly adminSecret: string | undefined
  /** For requests that are read whole, and as many for those that are passed through as streams. */
  readonly connections: number
  readonly connectTimeoutMs: number
  /** From the request sent to the headers received. */
  readonly headersTimeoutMs: number
  /** Between two chunks of a body. */
  readonly bodyTimeoutMs: number
  /** Larger answers of /v1/graphql are refused. */
  readonly responseBytesMax: number
  /** Requests waiting for a connection; more are refused with 503. */
  readonly queueMax: number
}

export interface AuthOptions {
  /** Empty: Hasura runs without a secret, every request is admin. */
  readonly adminSecrets: readonly string[]
  readonly jwtSecrets: readonly JwtSecret[]
  readonly tokenRules: TokenRules
  /** Between two looks at a jwk_url, at least. */
  readonly jwksRefreshMinMs: number
  /**
   * How Hasura is told who asks with a token: by the token, or by the admin secret with role and session variables,
   * for a Hasura that cannot verify it.
   */
  readonly upstreamIdentity: 'credentials' | 'session'
  /** Instead of tokens; `undefined` without one. */
  readonly hook: AuthHookOptions | undefined
  readonly unauthorizedRole: string | undefined
  /** HASURA_GRAPHQL_PRESERVE_401_ERRORS: 401 instead of 200 on /v1/graphql. */
  readonly preserve401Errors: boolean
  /** Verified tokens, and answers of the webhook, kept in memory until they expire. */
  readonly tokensMax: number
}

/** HASURA_GRAPHQL_AUTH_HOOK. */
export interface AuthHookOptions {
  readonly url: string
  readonly mode: 'GET' | 'POST'
  /** In POST mode it is told the GraphQL request as well. */
  readonly sendsRequestBody: boolean
  /** For the whole answer, a wait for a connection included. */
  readonly timeoutMs: number
  readonly connections: number
  /** Questions waiting for a connection; more fail. */
  readonly queueMax: number
  /** Answers are remembered as long as they say, at most so long; 0: never. */
  readonly maxAgeMs: number
  /** Sent, but of no consequence for who asks: in lower case. */
  readonly unkeyedHeaders: readonly string[]
}

/** Limits on one request of anybody, admins too: they protect the gateway itself. */
export interface RequestLimits {
  readonly bodyBytesMax: number
  /** Of the path with its query string. */
  readonly urlLengthMax: number
  /** Characters of a GraphQL document. */
  readonly documentLengthMax: number
  /** Lexical tokens of a GraphQL document; also its lines. */
  readonly tokensMax: number
  readonly depthMax: number
  readonly nodesMax: number
  /** Fields with an alias, fragments in place. */
  readonly aliasesMax: number
  readonly rootFieldsMax: number
  readonly directivesMax: number
  readonly batchMax: number
  /** Nested lists and objects in a body. */
  readonly jsonDepthMax: number
  /** Of the variables, as canonical JSON. */
  readonly variablesBytesMax: number
  readonly variablesDepthMax: number
}

/** What some roles may ask for at most. */
export interface QueryLimitOptions {
  /** Of each limit the first rule that names the role and gives it counts. */
  readonly rules: readonly QueryLimitRule[]
  /** Where no rule gives them: Hasura's own limits of depth, nodes, batches and time, which its CE only stores. */
  readonly enforcesApiLimits: boolean
}

/** The others keep the gateway's own readers from harm, whoever sends. */
export type RuledLimit = Exclude<keyof RequestLimits, 'jsonDepthMax' | 'documentLengthMax'>

export interface QueryLimitRule extends Readonly<Partial<Record<RuledLimit, number | undefined>>> {
  /** All but admin when absent. */
  readonly roles?: readonly string[] | undefined
  /** How long the upstream may take for an operation. */
  readonly timeMs?: number | undefined
  /** Whether the schema may be asked for. */
  readonly introspection?: boolean | undefined
}

/** Refuse what needs the upstream while the event loop is late: hits are still served. */
export interface LoadSheddingOptions {
  /** On the average of a quarter of a second; 0: never. */
  readonly eventLoopDelayMaxMs: number
}

export interface CacheOptions {
  readonly enabled: boolean
  /** TTL when neither @cached nor a rule says one. */
  readonly ttlMs: number
  readonly ttlMaxMs: number
  /** By which part of it, 0 to 1, the TTL that a rule gives is shortened at random, at most. */
  readonly ttlJitter: number
  /** Fetch an answer that is asked for a lot anew before it expires. */
  readonly earlyRefresh: boolean
  /** How long after its expiry an answer is served while a newer one is fetched; 0: never. */
  readonly staleWhileRevalidateMs: number
  /** How long after its expiry an answer is served when the upstream fails; 0: never. */
  readonly staleIfErrorMs: number
  readonly compression: boolean
  /** Smaller bodies are not compressed. */
  readonly compressionBytesMin: number
  readonly entryBytesMax: number
  /** Keep less while the memory of the store is short. */
  readonly admission: boolean
  /** From this part of the store's maxmemory on, 0 to 1. */
  readonly admissionMemory: number
  /** Then an answer must have been asked for once more for each so many bytes. */
  readonly admissionBytes: number
  /** What clients are told; admins are told all. */
  readonly detail: CacheDetail
  /** Of who is not known, if that is less. */
  readonly detailAnonymous: CacheDetail
  /** Instead, for these roles. The first that names a role decides. */
  readonly detailRoles: readonly CacheDetailRule[]
  /** The first rule that matches decides. */
  readonly rules: readonly CacheRule[]
  /** What makes queries equal: that they are written alike but for what has no meaning, or the schema as well. */
  readonly normalisation: 'text' | 'schema'
  /** Distinct request bodies and documents remembered in memory, each. */
  readonly memoEntriesMax: number
  /** Bodies above this are parsed anew each time. */
  readonly memoBodyBytesMax: number
  /** Requests waiting for one answer of the upstream, over all keys. */
  readonly flightsMax: number
  readonly waitersMax: number
  /** How long one waits for another's answer before asking the upstream itself. */
  readonly waitTimeoutMs: number
  /** One fetch for all gateways of a store; `auto`: when the store is a remote one. */
  readonly fillLock: 'auto' | 'on' | 'off'
  /** How long one gateway holds up the others at most. */
  readonly fillLockMs: number
}

/**
 * `full`: all of Cache-Status, Age, and Hasura's keys. `hit-only`: whether it was a hit, and how long the answer
 * may be kept. `off`: nothing; who keeps the answer has to ask each time whether it is still the same.
 */
export type CacheDetail = 'full' | 'hit-only' | 'off'

export interface CacheDetailRule {
  readonly roles: readonly string[]
  readonly detail: CacheDetail
}

/** Matches when every given list names what the request has. */
export interface CacheRule {
  readonly operations?: readonly string[]
  readonly rootFields?: readonly string[]
  /** `schema.name`, or `name` in the public schema. */
  readonly tables?: readonly string[]
  readonly roles?: readonly string[]
  /** 0: never cache what matches. */
  readonly ttlMs: number
  /** Instead of the options of the same names. */
  readonly staleWhileRevalidateMs?: number
  readonly staleIfErrorMs?: number
}

export interface SessionOptions {
  readonly enabled: boolean
  readonly cookieName: string
  /** Off only for http://localhost: the cookie then loses its __Host- prefix and Secure. */
  readonly secure: boolean
  readonly sameSite: 'strict' | 'lax'
  /** What sessions are sealed with in the store: the first writes, all of them read. */
  readonly secrets: readonly string[]
  /** From login to the latest end. */
  readonly ttlMs: number
  readonly idleTimeoutMs: number
  /** How long an id is good before it has to be refreshed; Infinity when it has not. */
  readonly idTtlMs: number
  /** Sessions of one user at once; of more the oldest end. */
  readonly perUserMax: number
}

export interface RevocationOptions {
  /** How long what was revoked is remembered: no token may live longer. */
  readonly ttlMs: number
}

export interface EventOptions {
  /** The source's name comes after it: `/events` takes POST /events/default. */
  readonly path: string
  /** What Hasura's event triggers send to be believed; without it none is. */
  readonly secret: string | undefined
  readonly bodyBytesMax: number
}

/** Apollo's automatic persisted queries. */
export interface PersistedQueriesOptions {
  readonly enabled: boolean
  /** How long a registered document stays. */
  readonly ttlMs: number
  /** Larger ones are not kept. */
  readonly documentBytesMax: number
  /** At once, in the store. */
  readonly documentsMax: number
  /** Of one user, or one address, within a window. */
  readonly registrationsMax: number
  readonly registrationWindowMs: number
}

export interface TrustedDocumentsOptions {
  /** `on` answers them beside others, `only` refuses all others but an admin's. */
  readonly mode: 'off' | 'on' | 'only'
  /** By id: documents/manifest.ts. */
  readonly documents: ReadonlyMap<string, string>
}

/** What is remembered in memory of what was kept and purged. */
export interface PurgeOptions {
  /** Entries that purges can be counted by. */
  readonly entriesMax: number
  /** Query families with hits and misses of their own. */
  readonly familiesMax: number
  /** Purges in the audit log. */
  readonly recordsMax: number
  /** A store that nobody else writes to may hold entries from before all the same. */
  readonly mayStartWarm: boolean
}

export interface MetadataOptions {
  readonly pollIntervalMs: number
  readonly declared: DeclaredDependencies
}

/**
 * What Hasura cannot tell and its operator can. What is said of one thing replaces the assumption that it
 * reads and writes anything, and is believed. Tables and views are `schema.name`, or `name` in the schema
 * that the source takes for granted.
 */
export interface DeclaredDependencies {
  readonly functions: readonly DeclaredReads[]
  /** Views that call functions, materialised views, foreign tables, and any relation of which no catalog tells. */
  readonly views: readonly DeclaredReads[]
  readonly nativeQueries: readonly DeclaredReads[]
  readonly actions: readonly DeclaredAction[]
  readonly remoteSchemas: readonly DeclaredRemoteSchema[]
}

export interface DeclaredReads {
  readonly source: string
  readonly name: string
  readonly reads: readonly string[]
}

export interface DeclaredAction {
  readonly name: string
  /** Of the tables. */
  readonly source: string
  readonly reads?: readonly string[]
  readonly writes?: readonly string[]
}

export interface DeclaredRemoteSchema {
  readonly name: string
  /** Answers everybody alike, whatever session and headers it is told of. */
  readonly isPublic: boolean
  /** Fields of `query` that are its own, where permissions do not tell. */
  readonly rootFields?: readonly string[]
  /** Of the tables. */
  readonly source: string
  readonly reads?: readonly string[]
}

export const NOTHING_DECLARED: DeclaredDependencies = {
  functions: [],
  views: [],
  nativeQueries: [],
  actions: [],
  remoteSchemas: [],
}
