import type { Config } from '../config/index.ts'
import { type EmbeddedClient, Engine, type EngineOptions } from '../engine/index.ts'
import type { Startable } from '../shared/lifecycle.ts'

/** The engine in this process, served to Redis clients as well when `redis_port` is given. */
export class EmbeddedEngine implements Startable {
  readonly name = 'engine'
  readonly client: EmbeddedClient
  readonly #engine: Engine
  readonly #host: string
  readonly #port: number | undefined
  #listeningPort: number | undefined

  constructor(config: Config['engine'], options: Omit<EngineOptions, 'directives'>) {
    this.#engine = new Engine({
      ...options,
      directives: {
        maxmemory: String(config.maxmemory),
        'maxmemory-policy': config.maxmemory_policy,
        requirepass: config.redis_password ?? '',
      },
    })
    this.client = this.#engine.client()
    this.#host = config.redis_host
    this.#port = config.redis_port
  }

  /** Where Redis clients are served; `undefined` when they are not. */
  get address(): { readonly host: string; readonly port: number } | undefined {
    if (this.#listeningPort === undefined) return undefined
    return { host: this.#host, port: this.#listeningPort }
  }

  async start(): Promise<void> {
    await this.#engine.start()
    if (this.#port === undefined) return
    const { port } = await this.#engine.listen({ host: this.#host, port: this.#port })
    this.#listeningPort = port
  }

  async stop(): Promise<void> {
    await this.#engine.stop()
  }
}
