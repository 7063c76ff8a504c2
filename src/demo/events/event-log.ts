import { z } from 'zod'
import type { Queryable } from '../queryable.ts'

/** One event on its way to a webhook. */
export interface LoggedEvent {
  readonly id: string
  readonly triggerName: string
  /** How often it was sent before. */
  readonly tries: number
  readonly createdAt: string
  readonly table: { readonly schema: string; readonly name: string }
  /** The member `event` of Hasura's payload, as JSON text. */
  readonly eventText: string
}

const rows = z.array(
  z.object({
    id: z.string(),
    trigger_name: z.string(),
    tries: z.number(),
    created_at: z.string(),
    schema_name: z.string(),
    table_name: z.string(),
    event: z.string(),
  }),
)

/** Takes up to `$1` due events, which are then no longer due. */
const TAKE = `
  UPDATE hdb_catalog.event_log SET locked = true
  WHERE id IN (
    SELECT id FROM hdb_catalog.event_log
    WHERE NOT locked AND NOT error AND coalesce(next_retry_at <= clock_timestamp(), true)
    ORDER BY created_at
    LIMIT $1
  )
  RETURNING id::text, trigger_name, tries, schema_name, table_name, payload::text AS event,
    to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at`

const PRUNE = `
  DELETE FROM hdb_catalog.event_log WHERE id IN (
    SELECT id FROM hdb_catalog.event_log WHERE NOT locked ORDER BY created_at DESC OFFSET $1
  )`

const RETRY = `
  UPDATE hdb_catalog.event_log
  SET locked = false, tries = tries + 1, next_retry_at = clock_timestamp() + $2 * interval '1 ms'
  WHERE id = $1::uuid`

const GIVE_UP = `
  UPDATE hdb_catalog.event_log SET locked = false, tries = tries + 1, error = true
  WHERE id = $1::uuid`

/** The table that row triggers write to: the queue of events, and those that nobody took. */
export class EventLog {
  readonly #database: Queryable

  constructor(database: Queryable) {
    this.#database = database
  }

  async take(countMax: number): Promise<readonly LoggedEvent[]> {
    const result = await this.#database.query(TAKE, [countMax])
    return rows.parse(result.rows).map((row) => ({
      id: row.id,
      triggerName: row.trigger_name,
      tries: row.tries,
      createdAt: row.created_at,
      table: { schema: row.schema_name, name: row.table_name },
      eventText: row.event,
    }))
  }

  /** Keeps the newest `countMax`; gives how many it dropped. */
  async prune(countMax: number): Promise<number> {
    return (await this.#database.query(PRUNE, [countMax])).affectedRows ?? 0
  }

  async delivered(id: string): Promise<void> {
    await this.#database.query('DELETE FROM hdb_catalog.event_log WHERE id = $1::uuid', [id])
  }

  async retryIn(id: string, delayMs: number): Promise<void> {
    await this.#database.query(RETRY, [id, Math.round(delayMs)])
  }

  /** Stays in the table as undeliverable, until it is pruned. */
  async giveUp(id: string): Promise<void> {
    await this.#database.query(GIVE_UP, [id])
  }
}
