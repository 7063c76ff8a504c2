import type { Config } from '../config/index.ts'
import type {
  CacheRule,
  DeclaredDependencies,
  GatewayOptions,
  QueryLimitRule,
  RateLimitOptions,
  RateLimitRule,
  StoreFailureMode,
} from '../gateway/index.ts'

const PERCENT = 100

/** The configuration in the gateway's own terms. `documents`: those of the manifest it names. */
export function gatewayOptions(
  config: Config,
  documents: ReadonlyMap<string, string> = new Map(),
): GatewayOptions {
  return {
    server: {
      host: config.server.host,
      port: config.server.port,
      trustedProxyHops: config.server.trusted_proxy_hops,
      keepAliveTimeoutMs: config.server.keep_alive_timeout,
      requestTimeoutMs: config.server.request_timeout,
      shutdownGraceMs: config.server.shutdown_grace,
      connectionsMax: config.server.connections_max,
      fastLane: config.server.fast_lane,
    },
    upstream: {
      url: config.upstream.url,
      adminSecret: config.upstream.admin_secret ?? config.auth.admin_secrets[0],
      connections: config.upstream.connections,
      connectTimeoutMs: config.upstream.connect_timeout,
      headersTimeoutMs: config.upstream.headers_timeout,
      bodyTimeoutMs: config.upstream.body_timeout,
      responseBytesMax: config.upstream.response_size_max,
      queueMax: config.upstream.queue_max,
    },
    auth: authOptions(config.auth),
    limits: {
      bodyBytesMax: config.limits.body_size_max,
      urlLengthMax: config.limits.url_length_max,
      documentLengthMax: config.limits.document_length_max,
      tokensMax: config.limits.tokens_max,
      depthMax: config.limits.depth_max,
      nodesMax: config.limits.nodes_max,
      aliasesMax: config.limits.aliases_max,
      rootFieldsMax: config.limits.root_fields_max,
      directivesMax: config.limits.directives_max,
      batchMax: config.limits.batch_max,
      jsonDepthMax: config.limits.json_depth_max,
      variablesBytesMax: config.limits.variables_size_max,
      variablesDepthMax: config.limits.variables_depth_max,
    },
    queryLimits: {
      rules: config.limits.rules.map(queryLimitRule),
      enforcesApiLimits: config.limits.api_limits,
    },
    loadShedding: { eventLoopDelayMaxMs: config.limits.event_loop_delay_max },
    cache: {
      enabled: config.cache.enabled,
      ttlMs: config.cache.ttl,
      ttlMaxMs: config.cache.ttl_max,
      ttlJitter: config.cache.ttl_jitter / PERCENT,
      earlyRefresh: config.cache.early_refresh,
      staleWhileRevalidateMs: config.cache.stale_while_revalidate,
      staleIfErrorMs: config.cache.stale_if_error,
      compression: config.cache.compression,
      compressionBytesMin: config.cache.compression_size_min,
      entryBytesMax: config.cache.entry_size_max,
      admission: config.cache.admission,
      admissionMemory: config.cache.admission_memory / PERCENT,
      admissionBytes: config.cache.admission_size,
      detail: config.cache.detail,
      detailAnonymous: config.cache.detail_anonymous,
      detailRoles: config.cache.detail_roles,
      rules: config.cache.rules.map(cacheRule),
      normalisation: config.cache.normalisation,
      memoEntriesMax: config.cache.memo_entries_max,
      memoBodyBytesMax: config.cache.memo_body_size_max,
      flightsMax: config.cache.flights_max,
      waitersMax: config.cache.waiters_max,
      waitTimeoutMs: config.cache.wait_timeout,
      fillLock: config.cache.fill_lock,
      fillLockMs: config.cache.fill_lock_timeout,
    },
    rateLimit: rateLimitOptions(config.rate_limit),
    session: {
      enabled: config.session.enabled,
      cookieName: config.session.cookie_name,
      secure: config.session.secure,
      sameSite: config.session.same_site,
      secrets:
        config.session.secrets.length > 0 ? config.session.secrets : config.auth.admin_secrets,
      ttlMs: config.session.ttl,
      idleTimeoutMs: config.session.idle_timeout,
      idTtlMs: config.session.id_ttl ?? Number.POSITIVE_INFINITY,
      perUserMax: config.session.per_user_max,
    },
    revocation: { ttlMs: config.revocation.ttl },
    persistedQueries: {
      enabled: config.persisted_queries.enabled,
      ttlMs: config.persisted_queries.ttl,
      documentBytesMax: config.persisted_queries.document_size_max,
      documentsMax: config.persisted_queries.documents_max,
      registrationsMax: config.persisted_queries.registrations_max,
      registrationWindowMs: config.persisted_queries.registrations_window,
    },
    trustedDocuments: { mode: config.trusted_documents.mode, documents },
    metadata: {
      pollIntervalMs: config.metadata.poll_interval,
      declared: declaredDependencies(config.metadata),
    },
    events: {
      path: config.events.path,
      secret: config.events.secret,
      bodyBytesMax: config.events.body_size_max,
    },
    purge: {
      entriesMax: config.purge.entries_max,
      familiesMax: config.purge.families_max,
      recordsMax: config.purge.audit_max,
      mayStartWarm: config.engine.persistence !== 'none',
    },
  }
}

function authOptions(auth: Config['auth']): GatewayOptions['auth'] {
  return {
    adminSecrets: auth.admin_secrets,
    jwtSecrets: auth.jwt_secrets,
    tokenRules: {
      isStrict: auth.jwt_checks === 'strict',
      requiresExpiry: auth.jwt_require_exp,
    },
    jwksRefreshMinMs: auth.jwks_refresh_min,
    upstreamIdentity: auth.upstream_identity,
    hook: hookOptions(auth),
    unauthorizedRole: auth.unauthorized_role,
    preserve401Errors: auth.preserve_401_errors,
    tokensMax: auth.tokens_max,
  }
}

function hookOptions(auth: Config['auth']): GatewayOptions['auth']['hook'] {
  if (auth.hook_url === undefined) return undefined
  return {
    url: auth.hook_url,
    mode: auth.hook_mode,
    sendsRequestBody: auth.hook_send_request_body,
    timeoutMs: auth.hook_timeout,
    connections: auth.hook_connections,
    queueMax: auth.hook_queue_max,
    maxAgeMs: auth.hook_max_age,
    unkeyedHeaders: auth.hook_unkeyed_headers.map((name) => name.toLowerCase()),
  }
}

function declaredDependencies(metadata: Config['metadata']): DeclaredDependencies {
  return {
    functions: metadata.functions,
    views: metadata.views,
    nativeQueries: metadata.native_queries,
    actions: metadata.actions.map(({ name, source, reads, writes }) => {
      return { name, source, ...(reads && { reads }), ...(writes && { writes }) }
    }),
    remoteSchemas: metadata.remote_schemas.map((schema) => {
      const { name, public: isPublic, source, root_fields: rootFields, reads } = schema
      return { name, isPublic, source, ...(rootFields && { rootFields }), ...(reads && { reads }) }
    }),
  }
}

function cacheRule(rule: Config['cache']['rules'][number]): CacheRule {
  const { operations, root_fields: rootFields, tables, roles, ttl: ttlMs } = rule
  const { stale_while_revalidate: staleWhileRevalidateMs, stale_if_error: staleIfErrorMs } = rule
  return {
    ...(operations && { operations }),
    ...(rootFields && { rootFields }),
    ...(tables && { tables }),
    ...(roles && { roles }),
    ttlMs,
    ...(staleWhileRevalidateMs !== undefined && { staleWhileRevalidateMs }),
    ...(staleIfErrorMs !== undefined && { staleIfErrorMs }),
  }
}

function queryLimitRule(rule: Config['limits']['rules'][number]): QueryLimitRule {
  return {
    roles: rule.roles,
    bodyBytesMax: rule.body_size_max,
    urlLengthMax: rule.url_length_max,
    tokensMax: rule.tokens_max,
    depthMax: rule.depth_max,
    nodesMax: rule.nodes_max,
    aliasesMax: rule.aliases_max,
    rootFieldsMax: rule.root_fields_max,
    directivesMax: rule.directives_max,
    batchMax: rule.batch_max,
    variablesBytesMax: rule.variables_size_max,
    variablesDepthMax: rule.variables_depth_max,
    timeMs: rule.time_max,
    introspection: rule.introspection,
  }
}

function rateLimitOptions(limits: Config['rate_limit']): RateLimitOptions {
  const onStoreFailure = limits.on_store_failure
  const rootFields = limits.cost_root_fields.flatMap(({ names, cost }) =>
    names.map((name) => [name, cost] as const),
  )
  return {
    enabled: limits.enabled,
    rules: limits.rules.map((rule) => rateLimitRule(rule, onStoreFailure)),
    metadata: limits.metadata,
    onStoreFailure,
    nodes: limits.nodes,
    storeTimeoutMs: limits.store_timeout,
    rejectStatus: limits.reject_status,
    cost: {
      object: limits.cost_object,
      depth: limits.cost_depth,
      aggregate: limits.cost_aggregate,
      defaultRows: limits.cost_rows,
      rootField: limits.cost_root_field,
      rootFields: new Map(rootFields),
    },
  }
}

function rateLimitRule(
  rule: Config['rate_limit']['rules'][number],
  onStoreFailure: StoreFailureMode,
): RateLimitRule {
  const { name, roles, operations, root_fields: rootFields, per, unit, limit } = rule
  const { algorithm, exact, window, lease, slots, burst, hit_weight: hitWeight, shadow } = rule
  return {
    name,
    ...(roles && { roles }),
    ...(operations && { operations }),
    ...(rootFields && { rootFields }),
    per,
    unit,
    algorithm: exact ? 'log' : algorithm,
    limit,
    windowMs: algorithm === 'concurrency' ? lease : (window ?? lease),
    slots,
    ...(burst !== undefined && { burst }),
    ...(hitWeight !== undefined && { hitWeight }),
    isShadow: shadow,
    onStoreFailure: rule.on_store_failure ?? onStoreFailure,
  }
}
