import type { Config } from '../config/index.ts'
import { type EmbeddedClient, Engine, type EngineOptions } from '../engine/index.ts'
import type { Startable } from '../shared/lifecycle.ts'

/** What has an engine, and with it memory, of its own (docs/adr/0020-memory-for-each-class.md). */
export const ENGINE_CLASSES = ['cache', 'limits', 'sessions'] as const

export type EngineClass = (typeof ENGINE_CLASSES)[number]

export interface EngineDescription {
  readonly name: EngineClass
  /** As in redis.conf. */
  readonly directives: Readonly<Record<string, string>>
  /** Where Redis clients are served, and the option that says so; `undefined` when they are not. */
  readonly listener: EngineListener | undefined
}

interface EngineListener {
  readonly host: string
  readonly port: number
  readonly option: string
}

/** The engines of a gateway, as its configuration has them. */
export function describeEngines(
  config: Config['engine'],
): Readonly<Record<EngineClass, EngineDescription>> {
  const requirepass = config.redis_password ?? ''
  const listener = (option: string, port: number | undefined): EngineListener | undefined =>
    port === undefined ? undefined : { host: config.redis_host, port, option }
  /** Nothing in another class can displace what is in it, and nothing in itself. */
  const apart = (maxmemory: number): Readonly<Record<string, string>> => {
    return { maxmemory: String(maxmemory), 'maxmemory-policy': 'noeviction', requirepass }
  }
  return {
    cache: {
      name: 'cache',
      directives: {
        maxmemory: String(config.maxmemory),
        'maxmemory-policy': config.maxmemory_policy,
        requirepass,
      },
      listener: listener('engine.redis_port', config.redis_port),
    },
    limits: {
      name: 'limits',
      directives: apart(config.limits_maxmemory),
      listener: listener('engine.limits_redis_port', config.limits_redis_port),
    },
    sessions: {
      name: 'sessions',
      directives: apart(config.sessions_maxmemory),
      listener: listener('engine.sessions_redis_port', config.sessions_redis_port),
    },
  }
}

/** An engine in this process, served to Redis clients as well where its description says so. */
export class ClassEngine implements Startable {
  readonly name: string
  readonly client: EmbeddedClient
  readonly #engine: Engine
  readonly #listener: EngineListener | undefined
  #listeningPort: number | undefined

  constructor(
    { name, directives, listener }: EngineDescription,
    options: Omit<EngineOptions, 'directives'>,
  ) {
    this.name = `engine for ${name}`
    this.#engine = new Engine({ ...options, directives })
    this.client = this.#engine.client()
    this.#listener = listener
  }

  /** Where Redis clients are served; `undefined` when they are not. */
  get address(): { readonly host: string; readonly port: number } | undefined {
    if (this.#listener === undefined || this.#listeningPort === undefined) return undefined
    return { host: this.#listener.host, port: this.#listeningPort }
  }

  async start(): Promise<void> {
    await this.#engine.start()
    if (this.#listener === undefined) return
    const { port } = await this.#engine.listen(this.#listener)
    this.#listeningPort = port
  }

  async stop(): Promise<void> {
    await this.#engine.stop()
  }
}
