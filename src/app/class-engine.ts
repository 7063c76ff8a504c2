import { type EmbeddedClient, Engine } from '../engine/index.ts'
import type { Clock } from '../shared/clock.ts'
import type { Startable } from '../shared/lifecycle.ts'
import { type Logger, withFields } from '../shared/logger.ts'
import type { Random } from '../shared/random.ts'
import type { EngineDescription, EngineListener } from './engine-descriptions.ts'
import { KeptFiles } from './kept-files.ts'
import { followPrimary, type ReplicaOptions, replicaDirectives } from './replica-options.ts'

export interface ClassEngineOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Where what it keeps on disk is; needed when the description says that it does. */
  readonly folder: (name: string) => string
  /** Whether it was told everything that the gateway had to tell it, now that the gateway has stopped. */
  readonly isSettled: () => boolean
  /** What was kept has been given up. */
  readonly onForgotten: () => void
}

/** An engine in this process, served to Redis clients and kept on disk as its description says. */
export class ClassEngine implements Startable {
  readonly name: string
  readonly client: EmbeddedClient
  readonly engine: Engine
  readonly #files: KeptFiles | undefined
  readonly #listener: EngineListener | undefined
  readonly #replica: ReplicaOptions | undefined
  readonly #isSettled: () => boolean
  #listeningPort: number | undefined

  constructor(description: EngineDescription, options: ClassEngineOptions) {
    const { name, directives, keeping, listener, replica } = description
    const { clock, random, folder, onForgotten } = options
    const log = withFields(options.log, { engine: name })
    this.name = `engine for ${name}`
    this.#files =
      keeping && new KeptFiles({ ...keeping, directory: folder(name), clock, log, onForgotten })
    this.engine = new Engine({
      clock,
      random,
      log,
      directives: {
        ...directives,
        ...(replica && replicaDirectives(replica)),
        ...this.#files?.directives,
      },
      ...(this.#files && { isPersistent: true, onWriteError: this.#files.noteWriteError }),
    })
    this.client = this.engine.client()
    this.#listener = listener
    this.#replica = replica
    this.#isSettled = options.isSettled
  }

  /** Where Redis clients are served; `undefined` when they are not. */
  get address(): { readonly host: string; readonly port: number } | undefined {
    if (this.#listener === undefined || this.#listeningPort === undefined) return undefined
    return { host: this.#listener.host, port: this.#listeningPort }
  }

  async start(): Promise<void> {
    await this.engine.start()
    try {
      await this.#files?.load(this.engine, this.client)
      if (this.#replica !== undefined) await followPrimary(this.client, this.#replica)
      if (this.#listener === undefined) return
      const { port } = await this.engine.listen(this.#listener)
      this.#listeningPort = port
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** It was not told something that somebody was answered: it must not be taken for complete if the process ends now. */
  withdraw(): void {
    this.#files?.withdraw()
  }

  async stop(): Promise<void> {
    // What there is is saved before the first `await`: the time that a stop may take is not for it.
    this.#files?.save(this.client)
    const { isReplica, linkCount, replicas } = this.engine.replication
    const wasAlone = !isReplica && linkCount === 0 && replicas.arrivals === 0
    await this.engine.stop()
    this.#files?.finish(wasAlone && this.engine.isKept && this.#isSettled())
  }
}
