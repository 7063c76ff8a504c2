import { Agent, request } from 'undici'
import { RequestError } from '../errors.ts'
import type { EventTrigger } from '../metadata.ts'
import type { LoggedEvent } from './event-log.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Delivery {
  readonly isDelivered: boolean
  /** What a webhook that refused asked for; more than 0. */
  readonly retryAfterMs: number | undefined
}

/** Of no interest beyond its status; read so that the connection can be used again. */
const ANSWER_BYTES_MAX = 65_536
const CONNECTIONS_MAX = 20

/** Sends events to the webhooks of their triggers, over connections of its own. */
export class WebhookClient {
  readonly #environment: Environment
  readonly #agent = new Agent({ connections: CONNECTIONS_MAX })
  readonly #stopped = new AbortController()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** Never rejects: a webhook that cannot be reached has not taken the event. */
  async deliver(trigger: EventTrigger, event: LoggedEvent): Promise<Delivery> {
    const timeout = AbortSignal.timeout(trigger.retry_conf.timeout_sec * 1_000)
    try {
      const answer = await request(webhookUrl(trigger, this.#environment), {
        method: 'POST',
        headers: webhookHeaders(trigger, this.#environment),
        body: payload(trigger, event),
        signal: AbortSignal.any([timeout, this.#stopped.signal]),
        dispatcher: this.#agent,
      })
      await answer.body.dump({ limit: ANSWER_BYTES_MAX })
      const isDelivered = answer.statusCode >= 200 && answer.statusCode < 300
      return {
        isDelivered,
        retryAfterMs: isDelivered ? undefined : retryAfterMs(answer.headers['retry-after']),
      }
    } catch {
      return { isDelivered: false, retryAfterMs: undefined }
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#agent.destroy()
  }
}

/** Throws when a variable it names is not set. */
export function webhookUrl(trigger: EventTrigger, environment: Environment): string {
  const { webhook, webhook_from_env: name } = trigger
  if (name !== undefined) return variable(name, environment)
  return (webhook ?? '').replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_template, inner: string) =>
    variable(inner, environment),
  )
}

/** Throws when a variable one of them names is not set. */
export function webhookHeaders(
  { headers = [] }: EventTrigger,
  environment: Environment,
): Record<string, string> {
  const own = headers.map((header): [string, string] => [
    header.name.toLowerCase(),
    'value' in header ? header.value : variable(header.value_from_env, environment),
  ])
  return {
    'content-type': 'application/json',
    'user-agent': 'hasura-graphql-engine/demo',
    ...Object.fromEntries(own),
  }
}

function variable(name: string, environment: Environment): string {
  const value = environment[name]
  if (value !== undefined) return value
  throw new RequestError('not-found', `environment variable '${name}' not set`, '$.args')
}

/** The event as Postgres wrote it: no number is rounded on the way. */
function payload({ name, retry_conf: { num_retries } }: EventTrigger, event: LoggedEvent): string {
  const delivery = { current_retry: event.tries, max_retries: num_retries }
  const rest = JSON.stringify({ id: event.id, table: event.table, trigger: { name } })
  const head = JSON.stringify({ created_at: event.createdAt, delivery_info: delivery })
  return `${head.slice(0, -1)},"event":${event.eventText},${rest.slice(1)}`
}

function retryAfterMs(header: string | string[] | undefined): number | undefined {
  const seconds = typeof header === 'string' ? Number(header) : Number.NaN
  return seconds > 0 && Number.isFinite(seconds) ? seconds * 1_000 : undefined
}
