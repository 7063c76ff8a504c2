import { replyErrors } from '../protocol/reply-errors.ts'
import type { Waiter } from './blocking.ts'
import type { CommandContext, EngineServices } from './context.ts'
import type { FinalSave } from './persistence-service.ts'

export interface ShutdownRequest extends FinalSave {
  /** Replicas that lag are not waited for. */
  readonly isImmediate: boolean
}

export type StopSignal = 'SIGINT' | 'SIGTERM'

export interface ShutdownOptions {
  readonly services: () => EngineServices
  /** Ends the process. Without it others live in the process, too, and no client ends it. */
  readonly end: (() => void) | undefined
  /** What comes later than the command is a turn of its own. */
  readonly inTurn: (task: () => void) => void
}

/** Its name among those who hold writes back. */
const HOLDER = 'shutdown'

/**
 * The way to the end of the process: replicas catch up, then the data is saved, while writes wait. It can be called off
 * until it is done, and goes no further when the data cannot be saved (server.c, prepareForShutdown).
 */
export class Shutdown {
  readonly #options: ShutdownOptions
  readonly #waiters = new Set<Waiter>()
  #signal: StopSignal | undefined
  #request: ShutdownRequest | undefined
  #endsAtMs = 0
  #isSaving = false

  constructor(options: ShutdownOptions) {
    this.#options = options
  }

  /** Whether it may be asked for by clients. */
  get isPossible(): boolean {
    return this.#options.end !== undefined
  }

  /** A signal has asked for it, or it is under way. */
  get isRequested(): boolean {
    return this.#signal !== undefined || this.#request !== undefined
  }

  /** How long replicas may still take: INFO's shutdown_in_milliseconds. Undefined while none are waited for. */
  get waitsMs(): number | undefined {
    if (this.#request === undefined) return undefined
    return Math.max(0, this.#endsAtMs - this.#services.keyspace.nowMs)
  }

  /** Begins in the next cycle, so that SHUTDOWN ABORT may come before. */
  schedule(signal: StopSignal): void {
    this.#signal = signal
  }

  /** The client gets no answer but an error, when it cannot be done. */
  run({ argv, client }: CommandContext, request: ShutdownRequest): void {
    const waiter = this.#services.blocking.waitFor(client, argv, {
      deadlineMs: 0,
      timedOut: (late) => late.error(replyErrors.shutdownFailed),
    })
    this.#waiters.add(waiter)
    this.#begin(request)
  }

  /** False when there is nothing to abort any more. */
  abort(): boolean {
    if (!this.isRequested || this.#isSaving) return false
    this.#cancel()
    this.#services.log.info({}, 'Shutdown manually aborted.')
    return true
  }

  /** Once a cycle. */
  advance(): void {
    if (this.#request !== undefined) {
      const isLate = this.#services.keyspace.nowMs >= this.#endsAtMs
      if (!this.#isSaving && (isLate || this.#isInSync)) this.#finish(this.#request)
    } else if (this.#signal !== undefined) this.#begin(this.#requestOf(this.#signal))
  }

  /** `shutdown-on-sigint` and `shutdown-on-sigterm`. */
  #requestOf(signal: StopSignal): ShutdownRequest {
    const given = this.#services.config.value(`shutdown-on-${signal.toLowerCase()}`).split(' ')
    return {
      saves: given.includes('save') ? 'yes' : given.includes('nosave') ? 'no' : 'asConfigured',
      isForced: given.includes('force'),
      isImmediate: given.includes('now'),
    }
  }

  #begin(request: ShutdownRequest): void {
    // Another one is under way: it is the same for all who asked.
    if (this.#request !== undefined) return
    const { config, keyspace, log, pause, replication } = this.#services
    const timeoutMs = config.integer('shutdown-timeout') * 1_000
    this.#request = request
    log.warn({}, 'User requested shutdown...')
    if (request.isImmediate || timeoutMs === 0 || this.#isInSync) return this.#finish(request)
    this.#endsAtMs = keyspace.nowMs + timeoutMs
    replication.requestAcknowledgements()
    pause.hold(HOLDER)
    log.info({}, 'Waiting for replicas before shutting down.')
  }

  get #isInSync(): boolean {
    return this.#services.replication.laggingReplicas.length === 0
  }

  #finish(request: ShutdownRequest): void {
    const { log, pause, persistence, replication } = this.#services
    const { laggingReplicas, replicaCount } = replication
    for (const replica of laggingReplicas) log.warn({}, `Lagging replica ${replica}.`)
    if (replicaCount > 0) {
      const inSync = replicaCount - laggingReplicas.length
      log.info({}, `${inSync} of ${replicaCount} replicas are in sync when shutting down.`)
    }
    pause.hold(HOLDER)
    this.#isSaving = true
    persistence
      .prepareShutdown(request)
      .then((isDone) => {
        if (isDone) this.#options.end?.()
        else this.#options.inTurn(() => this.#fail())
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'The final save failed')
        this.#options.inTurn(() => this.#fail())
      })
  }

  #fail(): void {
    const message = 'Errors trying to shut down the server. Check the logs for more information.'
    this.#services.log.warn({}, message)
    this.#cancel()
  }

  #cancel(): void {
    const { blocking, pause } = this.#services
    this.#signal = undefined
    this.#request = undefined
    this.#isSaving = false
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const waiter of waiters) {
      if (waiter.client.waiter === waiter) blocking.unblock(waiter.client)
    }
    pause.letGo(HOLDER)
  }

  get #services(): EngineServices {
    return this.#options.services()
  }
}
