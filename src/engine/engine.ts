import { systemClock } from '../shared/clock.ts'
import { silentLogger } from '../shared/logger.ts'
import { systemRandom } from '../shared/random.ts'
import { BuiltParts } from './composition/built-parts.ts'
import { Cycle } from './composition/cycle.ts'
import { Deadlines } from './composition/deadlines.ts'
import { followDirectives } from './composition/directives.ts'
import { followEvents } from './composition/listeners.ts'
import { openClient } from './composition/open-client.ts'
import type { EngineOptions } from './engine-options.ts'
import type { StopSignal } from './execution/shutdown.ts'
import { decodeCommand } from './protocol/command-decoder.ts'
import { EngineReplication } from './replication/engine-replication.ts'
import { DirectiveError } from './runtime-config/directive-line.ts'
import type { EmbeddedClient } from './server/embedded-client.ts'
import type { ListeningAddress } from './server/endpoints.ts'

/** A Redis-compatible database in this process; over TCP as well once `listen` is called. */
export class Engine {
  readonly replication: EngineReplication
  readonly #parts: BuiltParts
  readonly #cycle: Cycle
  readonly #deadlines: Deadlines

  /** Throws a DirectiveError for directives that redis-server would refuse. */
  constructor(options: EngineOptions = {}) {
    const parts = new BuiltParts({
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      ...options,
    })
    this.#parts = parts
    this.replication = new EngineReplication(parts.replication)
    this.#cycle = new Cycle(parts)
    this.#deadlines = new Deadlines(parts)
    for (const { name, unused } of parts.config.unusedDirectives) {
      parts.options.log.warn({ directive: name }, `${name} has no effect: ${unused}`)
    }
    followDirectives(parts)
    followEvents(parts, this.#deadlines)
    parts.storage.persistence.begin()
    parts.replication.join()
    parts.acl.define(options.configuration?.users ?? [])
  }

  get runId(): string {
    return this.#parts.runId
  }

  /** Follows a primary. */
  get isReplica(): boolean {
    return this.#parts.config.value('replicaof') !== ''
  }

  /** Starts the cycle that takes due keys away. Rejects with a DirectiveError when the file of users is wrong. */
  start(): Promise<void> {
    const { acl, config, storage } = this.#parts
    const error = config.value('aclfile') === '' ? undefined : acl.load()
    if (error !== undefined) {
      const reason = `Aborting Redis startup because of ACL errors: ${error}`
      return Promise.reject(new DirectiveError(reason))
    }
    this.#cycle.start()
    // What is on disk comes first.
    if (!storage.persistence.isLoading) this.#follow()
    return Promise.resolve()
  }

  /**
   * Loads what is on disk; until then commands are refused with LOADING. Rejects when it cannot be loaded: an engine
   * that went on would overwrite it.
   */
  async load(): Promise<void> {
    await this.#parts.storage.persistence.load()
    this.#follow()
  }

  /** A signal has asked for the end, or SHUTDOWN, and it has not come yet. */
  get isShutdownRequested(): boolean {
    return this.#parts.shutdown.isRequested
  }

  /**
   * As SHUTDOWN with what `shutdown-on-sigterm` or `shutdown-on-sigint` says, in the next cycle: replicas catch up, the
   * data is saved, then `onShutdown` is called. It is not called when the data could not be saved, or at SHUTDOWN ABORT.
   */
  requestShutdown(signal: StopSignal): void {
    this.#parts.shutdown.schedule(signal)
  }

  /** The process ends now, whatever is under way: takes away the file of a last save that is not whole. */
  abandon(): void {
    this.#parts.storage.persistence.abandonFinalSave()
  }

  async stop(): Promise<void> {
    const { migrations, replication, scriptStep, server, storage } = this.#parts
    // First: what came while the files are finished would be answered and lost.
    const closed = server.close()
    await storage.persistence.stop()
    this.#cycle.stop()
    clearImmediate(scriptStep)
    replication.stop()
    migrations.stop()
    this.#deadlines.stop()
    await closed
  }

  /** Once it has stopped: whether the files, as they would be loaded again, hold all there was. */
  get isKept(): boolean {
    return this.#parts.storage.persistence.isKept
  }

  /**
   * Serves RESP over TCP or TLS at this address, or without one as `bind`, `port`, `tls-port` and `unixsocket` say;
   * gives the port, which is chosen for 0.
   */
  listen(address?: ListeningAddress): Promise<{ port: number }> {
    const { server } = this.#parts
    return address === undefined ? server.listenAsConfigured() : server.listen(address)
  }

  /** A caller in this process: needs no password. */
  client(): EmbeddedClient {
    return openClient(this.#parts)
  }

  /** `sink` hears of every change from now on, in order, as commands that do it again. */
  onEffect(sink: (databaseIndex: number, effect: readonly Buffer[]) => void): void {
    this.#parts.propagation.addSink((databaseIndex, bytes, start, end) => {
      sink(databaseIndex, decodeCommand(bytes, start, end))
    }, 'log')
  }

  /** The text of INFO. */
  info(...sections: readonly string[]): string {
    return this.#parts.services.info(sections)
  }

  /** The primary that the configuration names. */
  #follow(): void {
    const { executor, replication } = this.#parts
    executor.beginTurn()
    replication.start()
    executor.settle()
  }
}
