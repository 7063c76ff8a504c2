import Fastify, { type FastifyInstance } from 'fastify'
import { invariant } from '../shared/assert.ts'
import type { Clock } from '../shared/clock.ts'
import type { Startable } from '../shared/lifecycle.ts'
import type { Logger } from '../shared/logger.ts'
import { Authenticator, type AuthenticatorOptions } from './auth/authenticator.ts'
import type { Backend } from './backend.ts'
import { EventDispatcher } from './events/event-dispatcher.ts'
import type { Environment } from './events/webhook.ts'
import { addRoutes } from './http/routes.ts'
import { WebSocketEndpoint } from './websocket/websocket-endpoint.ts'

export interface DemoServerOptions {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  readonly auth: Omit<AuthenticatorOptions, 'clock'>
  /** Where event triggers look up what they name by a variable. */
  readonly environment: Environment
  /** How often a subscription looks for changes. */
  readonly pollIntervalMs: number
  /** How often events are looked for when there were none. */
  readonly eventsIntervalMs: number
}

export interface DemoServerDependencies {
  readonly backend: Backend
  readonly clock: Clock
  readonly log: Logger
}

const BODY_BYTES_MAX = 16_777_216
const CONNECTIONS_MAX = 5_000
const REQUEST_TIMEOUT_MS = 60_000

/** The demo Hasura on a port of its own. The backend belongs to the caller, who closes it. */
export class DemoServer implements Startable {
  readonly name = 'demo Hasura'
  readonly #options: DemoServerOptions
  readonly #app: FastifyInstance
  readonly #websockets: WebSocketEndpoint
  readonly #events: EventDispatcher

  /** Throws an Error for settings of the authentication that make no sense. */
  constructor(options: DemoServerOptions, { backend, clock, log }: DemoServerDependencies) {
    this.#options = options
    const { environment, pollIntervalMs, eventsIntervalMs } = options
    const { executor, database, metadata } = backend
    const authenticator = new Authenticator({ ...options.auth, clock })
    this.#app = Fastify({
      logger: false,
      bodyLimit: BODY_BYTES_MAX,
      requestTimeout: REQUEST_TIMEOUT_MS,
      forceCloseConnections: true,
      routerOptions: { ignoreTrailingSlash: false },
      exposeHeadRoutes: false,
    })
    this.#app.server.maxConnections = CONNECTIONS_MAX
    addRoutes(this.#app, { backend, environment, authenticator, log })
    this.#websockets = new WebSocketEndpoint({
      authenticator,
      executor,
      clock,
      pollIntervalMs,
      messageBytesMax: BODY_BYTES_MAX,
    })
    this.#websockets.attach(this.#app.server)
    this.#events = new EventDispatcher({
      database,
      metadata,
      environment,
      intervalMs: eventsIntervalMs,
      log,
    })
    backend.onChange = () => this.#websockets.closeAll('the metadata has changed')
  }

  /** Where it listens, once started. */
  get url(): string {
    const address = this.#app.server.address()
    invariant(typeof address === 'object' && address !== null, 'the demo Hasura was started')
    return `http://${this.#options.host}:${address.port}`
  }

  async start(): Promise<void> {
    await this.#app.listen({ host: this.#options.host, port: this.#options.port })
    this.#events.start()
  }

  async stop(): Promise<void> {
    await this.#websockets.stop()
    await this.#app.close()
    await this.#events.stop()
  }
}
