import { hash } from 'node:crypto'
import { EVENTS_SECRET_HEADER } from '../../gateway/index.ts'
import type { TrackedTable } from './tracked-tables.ts'

/** Where events go, and what shows that they are Hasura’s. */
export interface TriggerTarget {
  /** The gateway, as Hasura reaches it, with the path of events: `http://gerbang:8000/events`. */
  readonly url: string
  readonly secret: { readonly value: string } | { readonly value_from_env: string }
}

/** The arguments of pg_create_event_trigger, but for `replace`. */
export interface TriggerDefinition {
  readonly name: string
  readonly source: string
  readonly table: { readonly schema: string; readonly name: string }
  readonly webhook: string
  readonly insert: Operation
  readonly update: Operation
  readonly delete: Operation
  readonly enable_manual: false
  readonly headers: readonly Header[]
  readonly retry_conf: typeof RETRIES
}

interface Operation {
  readonly columns: '*'
  readonly payload?: readonly string[]
}

type Header = { readonly name: string } & TriggerTarget['secret']

/** Ours are known by it, and by nothing else: no other trigger is ever changed or removed. */
export const NAME_PREFIX = 'gerbang_'

/** Hasura gives up after the last one: long enough for a gateway to be replaced. */
const RETRIES = { num_retries: 10, interval_sec: 10, timeout_sec: 10 } as const
/** Hasura's limit for names of event triggers. */
const NAME_LENGTH_MAX = 42
const DIGEST_LENGTH = 8

/** The same name for the same table at all times, and another for each. */
export function triggerName({ source, schema, name }: TrackedTable): string {
  const digest = hash('sha256', JSON.stringify([source, schema, name])).slice(0, DIGEST_LENGTH)
  const room = NAME_LENGTH_MAX - NAME_PREFIX.length - DIGEST_LENGTH - 1
  const readable = `${schema}_${name}`.replaceAll(/[^A-Za-z0-9]+/g, '_').slice(0, room)
  return `${NAME_PREFIX}${readable}_${digest}`
}

export function defineTrigger(table: TrackedTable, target: TriggerTarget): TriggerDefinition {
  // All columns count, and only the key is sent: the gateway needs to know which row it was, not what it says.
  const operation: Operation =
    table.primaryKey.length === 0 ? { columns: '*' } : { columns: '*', payload: table.primaryKey }
  return {
    name: triggerName(table),
    source: table.source,
    table: { schema: table.schema, name: table.name },
    webhook: `${target.url}/${encodeURIComponent(table.source)}`,
    insert: operation,
    update: operation,
    delete: operation,
    enable_manual: false,
    headers: [{ name: EVENTS_SECRET_HEADER, ...target.secret }],
    retry_conf: RETRIES,
  }
}
