import { type GatewayOptions, NOTHING_DECLARED } from '../../src/gateway/index.ts'
import { LIMIT_OPTIONS } from './limit-rules.ts'

export const ADMIN_SECRET = 'gateway-admin-secret'
export const EVENTS_SECRET = 'gateway-events-secret'
export const SESSION_SECRET = 'a secret of at least thirty-two bytes, for sessions'
export const JWT_KEY = 'a key of at least thirty-two bytes, for tests'

/**
 * What the defaults of the configuration make, on loopback, with a secret and tokens, all queries cached, and
 * the patience of a machine that does much else.
 */
export function gatewayOptions(upstreamUrl: string): GatewayOptions {
  return {
    server: {
      host: '127.0.0.1',
      port: 0,
      trustedProxyHops: 0,
      keepAliveTimeoutMs: 75_000,
      requestTimeoutMs: 120_000,
      shutdownGraceMs: 5_000,
      connectionsMax: 10_000,
      fastLane: true,
    },
    upstream: {
      url: upstreamUrl,
      adminSecret: ADMIN_SECRET,
      connections: 64,
      connectTimeoutMs: 60_000,
      headersTimeoutMs: 60_000,
      bodyTimeoutMs: 60_000,
      responseBytesMax: 1_000_000,
      queueMax: 1_000,
    },
    auth: {
      adminSecrets: [ADMIN_SECRET],
      jwtSecrets: [
        {
          key: { type: 'HS256', key: JWT_KEY },
          claims: {
            kind: 'namespace',
            namespace: 'https://hasura.io/jwt/claims',
            format: 'json',
          },
          audience: undefined,
          issuer: undefined,
          allowedSkewSeconds: 0,
          header: { kind: 'authorization' },
        },
      ],
      tokenRules: { isStrict: true, requiresExpiry: false },
      jwksRefreshMinMs: 10_000,
      upstreamIdentity: 'credentials',
      hook: undefined,
      unauthorizedRole: undefined,
      preserve401Errors: false,
      tokensMax: 10_000,
    },
    limits: {
      bodyBytesMax: 100_000,
      urlLengthMax: 8_192,
      documentLengthMax: 262_144,
      tokensMax: 10_000,
      depthMax: 50,
      nodesMax: 1_000,
      aliasesMax: 1_000,
      rootFieldsMax: 500,
      directivesMax: 1_000,
      batchMax: 100,
      jsonDepthMax: 100,
      variablesBytesMax: 100_000,
      variablesDepthMax: 64,
    },
    queryLimits: { rules: [], enforcesApiLimits: true },
    loadShedding: { eventLoopDelayMaxMs: 0 },
    cache: {
      enabled: true,
      ttlMs: 60_000,
      ttlMaxMs: 3_600_000,
      ttlJitter: 0,
      earlyRefresh: false,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      compression: true,
      compressionBytesMin: 1_024,
      entryBytesMax: 100_000,
      admission: true,
      admissionMemory: 0.9,
      admissionBytes: 65_536,
      detail: 'full',
      detailAnonymous: 'hit-only',
      detailRoles: [],
      rules: [{ ttlMs: 60_000 }],
      normalisation: 'text',
      memoEntriesMax: 10_000,
      memoBodyBytesMax: 32_768,
      flightsMax: 1_000,
      waitersMax: 1_000,
      waitTimeoutMs: 60_000,
      fillLock: 'auto',
      fillLockMs: 5_000,
    },
    rateLimit: LIMIT_OPTIONS,
    session: {
      enabled: true,
      cookieName: 'gerbang-session',
      secure: false,
      sameSite: 'lax',
      secrets: [SESSION_SECRET],
      ttlMs: 3_600_000,
      idleTimeoutMs: 3_600_000,
      idTtlMs: Number.POSITIVE_INFINITY,
      perUserMax: 50,
    },
    revocation: { ttlMs: 86_400_000 },
    persistedQueries: {
      enabled: true,
      ttlMs: 86_400_000,
      documentBytesMax: 10_000,
      documentsMax: 1_000,
      registrationsMax: 100,
      registrationWindowMs: 3_600_000,
    },
    trustedDocuments: { mode: 'off', documents: new Map() },
    metadata: { pollIntervalMs: 10_000, declared: NOTHING_DECLARED },
    purge: { entriesMax: 1_000, familiesMax: 100, recordsMax: 100, mayStartWarm: false },
    events: { path: '/events', secret: EVENTS_SECRET, bodyBytesMax: 10_000 },
  }
}
