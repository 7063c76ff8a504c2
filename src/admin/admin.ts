import Fastify, { type FastifyInstance } from 'fastify'
import { SecretSet } from '../gateway/index.ts'
import { invariant } from '../shared/assert.ts'
import type { Startable } from '../shared/lifecycle.ts'
import type { AdminDependencies } from './admin-dependencies.ts'
import { adminRoutes, refuse } from './admin-routes.ts'
import { ProcessMetrics } from './metrics.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

export interface AdminOptions {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  /** Any of them, in `X-Hasura-Admin-Secret`, opens all but health; empty leaves all open. */
  readonly secrets: readonly string[]
}

export interface Admin extends Startable {
  /** Where it listens, once started. */
  readonly address: { readonly host: string; readonly port: number }
}

/** A purge by a session variable that holds a list may be long. */
const BODY_BYTES_MAX = 131_072
const REQUEST_TIMEOUT_MS = 10_000
const CONNECTIONS_MAX = 100

/** A listener of its own for statistics, metrics and health: what must not be open to the gateway's clients. */
export function createAdmin(options: AdminOptions, dependencies: AdminDependencies): Admin {
  return new AdminListener(options, dependencies)
}

class AdminListener implements Admin {
  readonly name = 'admin'
  readonly #options: AdminOptions
  readonly #app: FastifyInstance

  constructor(options: AdminOptions, dependencies: AdminDependencies) {
    this.#options = options
    this.#app = Fastify({
      logger: false,
      bodyLimit: BODY_BYTES_MAX,
      requestTimeout: REQUEST_TIMEOUT_MS,
      forceCloseConnections: true,
      // A path that is no URL: the router refuses it before any hook.
      frameworkErrors: ({ message }, _request, reply) => {
        refuse(reply.headers(SECURITY_HEADERS), 400, 'bad-request', message)
      },
    })
    this.#app.server.maxConnections = CONNECTIONS_MAX
    this.#app.register(adminRoutes, {
      ...dependencies,
      secrets: new SecretSet(options.secrets),
      metrics: new ProcessMetrics(dependencies.gateway.metrics),
    })
  }

  get address(): { readonly host: string; readonly port: number } {
    const address = this.#app.server.address()
    invariant(typeof address === 'object' && address !== null, 'the admin listener was started')
    return { host: address.address, port: address.port }
  }

  async start(): Promise<void> {
    await this.#app.listen({ host: this.#options.host, port: this.#options.port })
  }

  async stop(): Promise<void> {
    await this.#app.close()
  }
}
