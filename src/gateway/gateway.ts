import Fastify, { type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { invariant } from '../shared/assert.ts'
import type { Startable } from '../shared/lifecycle.ts'
import { type Store, StoreError } from '../store/index.ts'
import { composeGateway, type GatewayModules } from './compose-gateway.ts'
import { eventRoutes } from './events/event-routes.ts'
import type { Explanation } from './explain/request-explanation.ts'
import type { GatewayDependencies } from './gateway-dependencies.ts'
import { Connections } from './http/connections.ts'
import type { FastLane } from './http/fast-lane/fast-lane.ts'
import { graphqlLane } from './http/graphql-lane.ts'
import { hasuraCacheRoutes } from './http/hasura-cache-routes.ts'
import { refuseMalformed } from './http/malformed-request.ts'
import { graphqlRoutes, headOf, passthroughRoutes, refuseUrl } from './http/routes.ts'
import { METRICS } from './metrics.ts'
import type { GatewayOptions } from './options.ts'
import type { Actor, AuditRecord } from './purge/audit-log.ts'
import { parsePurgeOrder } from './purge/purge-order.ts'
import type { PurgeReport } from './purge/purger.ts'
import { parseRevocationOrder } from './session/revocation-order.ts'
import type { RevocationRecord, RevocationReport } from './session/revoker.ts'
import { sessionRoutes } from './session/session-routes.ts'
import type { ListedSession } from './session/session-view.ts'
import { createMetricRegistry } from './statistics/metric-registry.ts'
import type { GatewaySnapshot } from './statistics/snapshot.ts'

export interface Gateway extends Startable {
  /** Where it listens, once started: the port is the one picked when the options say 0. */
  readonly address: { readonly host: string; readonly port: number }
  snapshot(): GatewaySnapshot
  /** Everything that is counted, read when the registry is asked. */
  readonly metrics: Registry
  /**
   * What would become of a request, and why. `order` is the body of the admin listener's POST /explain; throws
   * a GatewayError when it or the request in it is refused.
   */
  explain(order: Buffer): Promise<Explanation>
  /** Whether the store was told of everything that was written, and of all that may have been. */
  readonly isSettled: boolean
  /** To be told that all entries were given up, which were there when the process began. */
  forgotten(): void
  /** Whether requests can be served, in words. */
  readiness(): Promise<Readiness>
  /** `order` is a JSON value, judged here. Throws a GatewayError when it is no purge, or the store fails. */
  purge(order: unknown, who: Actor): Promise<PurgeReport>
  /** The last purges, the newest first. */
  audit(): readonly AuditRecord[]
  /**
   * `order` is a JSON value, judged here: a session, a token, a user's or everyone's. Holds in this gateway when it
   * resolves, and within a second in all others of the store. Throws a GatewayError when it is none, or the store fails.
   */
  revoke(order: unknown, who: Actor): Promise<RevocationReport>
  /** The last revocations, the newest first. */
  revocations(): readonly RevocationRecord[]
  /** The sessions of one user, the oldest first. Throws a GatewayError when the store fails. */
  sessionsOf(user: string): Promise<readonly ListedSession[]>
}

export interface Readiness {
  /** What requests cannot be served without; empty when they can. */
  readonly missing: readonly string[]
  /** What is not as it should be, while they are. */
  readonly degraded: readonly string[]
}

/** The GraphQL gateway: nothing listens, connects or is read before `start()`. */
export function createGateway(options: GatewayOptions, dependencies: GatewayDependencies): Gateway {
  return new HttpGateway(options, dependencies)
}

const OPERATIONS_SHOWN = 20
/** Node.js looks for requests that take too long so many times within the time they may take. */
const TIMEOUT_CHECKS = 4
/** How often connections that have become idle are closed while the gateway stops. */
const DRAIN_INTERVAL_MS = 100

class HttpGateway implements Gateway {
  readonly name = 'gateway'
  readonly metrics: Registry
  readonly #options: GatewayOptions
  readonly #dependencies: GatewayDependencies
  readonly #modules: GatewayModules
  readonly #app: FastifyInstance
  readonly #connections = new Connections()
  readonly #startedAtMs: number
  #isServing = false

  constructor(options: GatewayOptions, dependencies: GatewayDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#modules = composeGateway(options, dependencies)
    this.metrics = createMetricRegistry(METRICS, this.#modules)
    this.#app = this.#createServer()
    this.#startedAtMs = dependencies.clock.nowMs()
  }

  get address(): { readonly host: string; readonly port: number } {
    const address = this.#app.server.address()
    invariant(typeof address === 'object' && address !== null, 'the gateway was started')
    return { host: address.address, port: address.port }
  }

  async start(): Promise<void> {
    const { identities, feed, metadata, websockets, loadShedder } = this.#modules
    loadShedder.start()
    await identities.start()
    // Without tokens there is nothing to revoke.
    if (this.#options.auth.jwtSecrets.length > 0) await feed.start()
    await metadata.start()
    websockets.start()
    await this.#app.listen({ host: this.#options.server.host, port: this.#options.server.port })
    this.#isServing = true
  }

  /** Takes no more requests, lets those under way finish within the grace, and ends what is then left. */
  async stop(): Promise<void> {
    const { fastLane, websockets, metadata, invalidation, identities, upstream, routes } =
      this.#modules
    this.#modules.loadShedder.stop()
    this.#modules.refresher.stop()
    this.#modules.compressor.stop()
    const { server } = this.#app
    this.#isServing = false
    routes.lifetime.isStopping = true
    const websocketsEnd = websockets.stop()
    fastLane.finish()
    const drain = setInterval(() => {
      server.closeIdleConnections()
      this.#connections.endSilent()
    }, DRAIN_INTERVAL_MS)
    const end = setTimeout(() => {
      websockets.terminate()
      fastLane.terminate()
      server.closeAllConnections()
    }, this.#options.server.shutdownGraceMs)
    try {
      await this.#app.close()
      await websocketsEnd
    } finally {
      clearInterval(drain)
      clearTimeout(end)
    }
    await metadata.stop()
    this.#modules.feed.stop()
    await identities.stop()
    invalidation.stop()
    await upstream.destroy()
  }

  get isSettled(): boolean {
    return this.#modules.invalidation.isSettled
  }

  forgotten(): void {
    this.#modules.statistics.cache.invalidated('restart')
  }

  async explain(order: Buffer): Promise<Explanation> {
    return await this.#modules.explainer.explain(order)
  }

  async readiness(): Promise<Readiness> {
    if (!this.#isServing) return { missing: ['the gateway is not listening'], degraded: [] }
    const { store, protectedStores } = this.#dependencies
    const missing = [...this.#missingMetadata()]
    const degraded: string[] = []
    for (const each of new Set([store, ...Object.values(protectedStores ?? {})])) {
      const error = await storeError(each)
      if (error === undefined) continue
      const isRefusal = error.code === 'refused'
      const words = isRefusal ? error.message : 'the store does not answer'
      if (each === store && !isRefusal) missing.push(words)
      else degraded.push(words)
    }
    return { missing, degraded: [...new Set(degraded)] }
  }

  /**
   * Until the first time only: a Hasura that goes away later takes all gateways with it, and what a load
   * balancer would say instead of them is less than they do.
   */
  #missingMetadata(): readonly string[] {
    const { loadedAtMs, lastError } = this.#modules.metadata.snapshot()
    if (loadedAtMs !== undefined) return []
    return [`Hasura’s metadata could not be read yet: ${lastError?.message ?? 'it is being read'}`]
  }

  async purge(order: unknown, who: Actor): Promise<PurgeReport> {
    return await this.#modules.purger.purge(parsePurgeOrder(order), who)
  }

  audit(): readonly AuditRecord[] {
    return this.#modules.purger.audit()
  }

  async revoke(order: unknown, who: Actor): Promise<RevocationReport> {
    const { clock } = this.#dependencies
    return await this.#modules.revoker.revoke(parseRevocationOrder(order, clock.nowMs()), who)
  }

  revocations(): readonly RevocationRecord[] {
    return this.#modules.revoker.audit()
  }

  async sessionsOf(user: string): Promise<readonly ListedSession[]> {
    return await this.#modules.revoker.sessionsOf(user)
  }

  snapshot(): GatewaySnapshot {
    const { clock } = this.#dependencies
    const { statistics, flights, sessions, fastLane, websockets, metadata } = this.#modules
    const { loadShedder } = this.#modules
    const { requests, cache, limits, upstream, events, documents, auth } = statistics
    return {
      startedAtMs: this.#startedAtMs,
      uptimeMs: clock.nowMs() - this.#startedAtMs,
      requests: requests.snapshot(),
      operations: requests.topOperations(OPERATIONS_SHOWN),
      upstream: upstream.snapshot(this.#options.upstream.url),
      cache: cache.snapshot(flights),
      limits: limits.snapshot(),
      queryLimits: statistics.queryLimits.refusals.snapshot(),
      loadShedding: loadShedder.snapshot(),
      events: events.snapshot(),
      documents: documents.snapshot(),
      sessions: {
        created: statistics.sessions.events.get('created'),
        deleted: statistics.sessions.events.get('deleted'),
        active: sessions.activeCount,
        events: statistics.sessions.events.snapshot(),
        revocations: statistics.sessions.revocations.snapshot(),
      },
      auth: auth.snapshot(),
      fastLane: fastLane.snapshot(),
      websockets: websockets.snapshot(),
      metadata: metadata.snapshot(),
    }
  }

  #createServer(): FastifyInstance {
    const { server } = this.#options
    const { routes, eventRoutes: events, sessionRoutes: session, fastLane } = this.#modules
    const app = Fastify({
      logger: false,
      keepAliveTimeout: server.keepAliveTimeoutMs,
      requestTimeout: server.requestTimeoutMs,
      http: { connectionsCheckingInterval: server.requestTimeoutMs / TIMEOUT_CHECKS },
      routerOptions: { ignoreTrailingSlash: false },
      // What arrives on an open connection while the gateway stops is still answered, as its last request.
      return503OnClosing: false,
      clientErrorHandler: refuseMalformed,
      frameworkErrors: (error, { raw }, reply) => {
        reply.hijack()
        refuseUrl(routes, raw, reply.raw, error)
      },
    })
    app.server.maxConnections = server.connectionsMax
    // Node.js takes the smaller of the two for the headers: left at its 60 s it would stand for the whole.
    app.server.headersTimeout = Math.min(app.server.headersTimeout, server.requestTimeoutMs)
    if (server.fastLane) fastLane.attach(app.server, this.#laneParts())
    this.#connections.attach(app.server)
    app.register(graphqlRoutes, routes)
    app.register(eventRoutes, events)
    app.register(hasuraCacheRoutes, this.#modules.hasuraCacheRoutes)
    if (session !== undefined) app.register(sessionRoutes, session)
    app.register(passthroughRoutes, routes)
    app.server.on('upgrade', (request, socket, firstBytes) => {
      const upgrade = { head: headOf(routes, request), request, socket, firstBytes }
      this.#modules.websockets.accept(upgrade)
    })
    return app
  }

  #laneParts(): Parameters<FastLane['attach']>[1] {
    const { server, cache } = this.#options
    const { clock, random } = this.#dependencies
    const { keepAliveTimeoutMs } = server
    const options = { clock, random, keepAliveTimeoutMs, headsMax: cache.memoEntriesMax }
    return graphqlLane(this.#modules.routes, options)
  }
}

/** Of a store that does not do what it is asked: one that cannot write its files refuses. */
async function storeError(store: Store): Promise<StoreError | undefined> {
  try {
    await store.ping()
    return undefined
  } catch (error) {
    if (error instanceof StoreError) return error
    throw error
  }
}
