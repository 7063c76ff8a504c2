import type { Logger } from '../../shared/logger.ts'
import type { DemoMetadata, EventTrigger } from '../metadata.ts'
import type { Queryable } from '../queryable.ts'
import { EventLog, type LoggedEvent } from './event-log.ts'
import { type Environment, WebhookClient } from './webhook.ts'

export interface EventDispatcherOptions {
  readonly database: Queryable
  readonly metadata: DemoMetadata
  /** What `webhook_from_env` and the like name. */
  readonly environment: Environment
  /** How long to wait when there is nothing to do: HASURA_GRAPHQL_EVENTS_FETCH_INTERVAL. */
  readonly intervalMs: number
  readonly log: Logger
}

/** Events under way at a time. */
const IN_FLIGHT_MAX = 100
/** Events that wait or that nobody took: beyond it the oldest are lost. */
const EVENTS_MAX = 10_000

/** Carries events from the log to the webhooks: at least once each, in no certain order. */
export class EventDispatcher {
  readonly #options: EventDispatcherOptions
  readonly #log: EventLog
  readonly #webhooks: WebhookClient
  readonly #inFlight = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #polling: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: EventDispatcherOptions) {
    this.#options = options
    this.#log = new EventLog(options.database)
    this.#webhooks = new WebhookClient(options.environment)
  }

  start(): void {
    this.#schedule(this.#options.intervalMs)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#polling
    await this.#webhooks.stop()
    await Promise.all(this.#inFlight)
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(() => {
      this.#polling = this.#poll()
    }, delayMs)
  }

  async #poll(): Promise<void> {
    const { metadata, intervalMs, log } = this.#options
    let found = 0
    try {
      if (metadata.eventTriggers.length > 0) found = await this.#dispatchDue()
    } catch (error) {
      log.error({ err: error }, 'could not read the event log')
    }
    this.#schedule(found > 0 && this.#inFlight.size < IN_FLIGHT_MAX ? 0 : intervalMs)
  }

  async #dispatchDue(): Promise<number> {
    const room = IN_FLIGHT_MAX - this.#inFlight.size
    if (room === 0) return 0
    const events = await this.#log.take(room)
    for (const event of events) {
      const delivery = this.#dispatch(event).catch((error: unknown) => {
        this.#options.log.error({ err: error, event: event.id }, 'could not settle an event')
      })
      this.#inFlight.add(delivery)
      void delivery.then(() => this.#inFlight.delete(delivery))
    }
    const lost = await this.#log.prune(EVENTS_MAX)
    if (lost > 0) this.#options.log.warn({ lost }, 'too many events wait; the oldest are dropped')
    return events.length
  }

  async #dispatch(event: LoggedEvent): Promise<void> {
    const trigger = this.#find(event.triggerName)
    // Deleted in the meantime.
    if (trigger === undefined) return await this.#log.delivered(event.id)
    const { isDelivered, retryAfterMs } = await this.#webhooks.deliver(trigger, event)
    if (isDelivered) return await this.#log.delivered(event.id)
    const { num_retries: retriesMax, interval_sec: intervalSeconds } = trigger.retry_conf
    // A webhook that says when to come back is asked again however often it did, as in Hasura.
    if (retryAfterMs !== undefined) return await this.#log.retryIn(event.id, retryAfterMs)
    if (event.tries < retriesMax) return await this.#log.retryIn(event.id, intervalSeconds * 1_000)
    await this.#log.giveUp(event.id)
  }

  #find(name: string): EventTrigger | undefined {
    const { eventTriggers } = this.#options.metadata
    return eventTriggers.find(({ trigger }) => trigger.name === name)?.trigger
  }
}
