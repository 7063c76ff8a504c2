/** What the gateway has done since it started, as the admin listener's /stats shows it. */
export interface GatewaySnapshot {
  readonly startedAtMs: number
  readonly uptimeMs: number
  readonly requests: RequestsSnapshot
  readonly operations: readonly OperationSnapshot[]
  readonly upstream: UpstreamSnapshot
  readonly cache: CacheSnapshot
  readonly limits: LimitsSnapshot
  /** Refusals of what requests ask for, by their code. */
  readonly queryLimits: Readonly<Record<string, number>>
  readonly loadShedding: LoadSheddingSnapshot
  readonly events: EventsSnapshot
  /** Persisted queries and trusted documents, by what became of them. */
  readonly documents: Readonly<Record<string, number>>
  readonly sessions: SessionsSnapshot
  readonly auth: AuthSnapshot
  readonly fastLane: FastLaneSnapshot
  readonly websockets: WebSocketsSnapshot
  readonly metadata: MetadataSnapshot
}

/** How a request to /v1/graphql ended; a label, so the set is closed. */
export const OUTCOMES = ['hit', 'stale', 'miss', 'coalesced', 'bypass', 'refused', 'error'] as const
export type Outcome = (typeof OUTCOMES)[number]

export interface RequestsSnapshot {
  readonly total: number
  readonly inFlight: number
  /** Hits among the requests that could have been one. */
  readonly hitRatio: number
  readonly byOutcome: Readonly<Record<string, OutcomeSnapshot>>
  /** Why answers were not cached, with counts. */
  readonly bypassReasons: Readonly<Record<string, number>>
  readonly passthrough: number
}

export interface OutcomeSnapshot {
  readonly count: number
  readonly latencyMs: LatencySnapshot
}

export interface LatencySnapshot {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export interface OperationSnapshot {
  readonly operation: string
  readonly count: number
  /** How much of `count` may belong to operations that fell out of the list. */
  readonly countError: number
  readonly hits: number
}

export interface UpstreamSnapshot {
  readonly url: string
  readonly requests: number
  readonly inFlight: number
  readonly failuresByCode: Readonly<Record<string, number>>
  readonly latencyMs: LatencySnapshot
}

export interface CacheSnapshot {
  readonly fills: number
  readonly fillBytes: number
  /** Cacheable answers that were not kept, by reason. */
  readonly discards: Readonly<Record<string, number>>
  /** By what wrote. */
  readonly invalidations: Readonly<Record<string, number>>
  /** Answers to be kept compressed, too, by what became of it. */
  readonly variants: Readonly<Record<string, number>>
  /** Attempts to fetch for all gateways of the store, by what became of them. */
  readonly fillLocks: Readonly<Record<string, number>>
  /** Answers fetched anew behind those that were served, by how that ended. */
  readonly refreshes: Readonly<Record<string, number>>
  readonly storeErrors: number
  /** Fetches under way that others may wait for, and how many do. */
  readonly flights: number
  readonly waiters: number
}

export interface LimitsSnapshot {
  readonly allowed: number
  readonly rejected: number
  readonly rejectedByRule: Readonly<Record<string, number>>
  /** What rules in shadow would have refused. */
  readonly shadowedByRule: Readonly<Record<string, number>>
  /** Requests that the store could not be asked about, by what was done. */
  readonly storeFailures: Readonly<Record<string, number>>
  readonly topRejected: readonly SubjectSnapshot[]
}

export interface SubjectSnapshot {
  readonly subject: string
  readonly count: number
}

export interface LoadSheddingSnapshot {
  readonly isShedding: boolean
  /** On average of the last look. */
  readonly eventLoopDelayMs: number
  /** Requests refused. */
  readonly shed: number
}

export interface EventsSnapshot {
  /** Deliveries of Hasura's event triggers, by what became of them. */
  readonly results: Readonly<Record<string, number>>
  /** From the change in the database to the entries being stale. */
  readonly lagMs: LatencySnapshot
}

export interface AuthSnapshot {
  /** Questions to the webhook, by how its word was had. */
  readonly hook: Readonly<Record<string, number>>
  /** Looks at a jwk_url, by what they brought. */
  readonly jwks: Readonly<Record<string, number>>
}

export interface SessionsSnapshot {
  readonly created: number
  readonly deleted: number
  /** Made a request to this gateway within the last five minutes. */
  readonly active: number
  /** What became of sessions on this gateway: those two among it. */
  readonly events: Readonly<Record<string, number>>
  /** What administrators revoked through this gateway. */
  readonly revocations: Readonly<Record<string, number>>
}

export interface FastLaneSnapshot {
  /** Connections served before Node.js' HTTP server. */
  readonly connections: number
  /** Connections that went on to it, since the start. */
  readonly handedOver: number
}

export interface WebSocketsSnapshot {
  readonly open: number
  readonly opened: number
  readonly refused: number
}

export interface MetadataSnapshot {
  /** Whether plans are by Hasura's metadata; else nothing is shared between sessions. */
  readonly isLoaded: boolean
  readonly resourceVersion: number | undefined
  /** When it was last read, or found unchanged. */
  readonly loadedAtMs: number | undefined
  /** Why it could not be read; `undefined` once it could. */
  readonly lastError: { readonly message: string; readonly atMs: number } | undefined
}
