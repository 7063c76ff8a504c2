import type { EventTrigger, QualifiedName, TriggerOperation } from '../metadata.ts'
import type { Queryable } from '../queryable.ts'
import {
  identifier,
  join,
  literal,
  qualified,
  raw,
  render,
  type Sql,
  sql,
} from '../sql/fragment.ts'

const OPERATIONS = ['insert', 'update', 'delete'] as const
type Operation = (typeof OPERATIONS)[number]

/** As Hasura's, without the columns of what is not done here. */
const EVENT_LOG = [
  `CREATE SCHEMA IF NOT EXISTS hdb_catalog`,
  `CREATE TABLE IF NOT EXISTS hdb_catalog.event_log (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    schema_name text NOT NULL,
    table_name text NOT NULL,
    trigger_name text NOT NULL,
    payload json NOT NULL,
    error boolean NOT NULL DEFAULT false,
    tries integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_retry_at timestamptz,
    locked boolean NOT NULL DEFAULT false
  )`,
  `CREATE INDEX IF NOT EXISTS event_log_due_idx ON hdb_catalog.event_log (created_at)`,
  // The executor leaves the session where Hasura does; outside its transactions there is none.
  `CREATE OR REPLACE FUNCTION hdb_catalog.insert_event_log(
    schema_name text, table_name text, trigger_name text, op text, data json
  ) RETURNS void LANGUAGE sql AS $$
    INSERT INTO hdb_catalog.event_log (schema_name, table_name, trigger_name, payload)
    VALUES (schema_name, table_name, trigger_name, json_build_object(
      'op', op,
      'data', data,
      'session_variables', nullif(current_setting('hasura.user', true), '')::json,
      'trace_context', json_build_object(
        'trace_id', replace(gen_random_uuid()::text, '-', ''),
        'span_id', left(replace(gen_random_uuid()::text, '-', ''), 16)
      )
    ))
  $$`,
] as const

export async function prepareEventLog(transaction: Queryable): Promise<void> {
  for (const statement of EVENT_LOG) await transaction.query(statement)
}

/** Row triggers that write an event for every row changed, whoever changes it. Replaces those of that name. */
export async function installTriggers(
  transaction: Queryable,
  table: QualifiedName,
  trigger: EventTrigger,
): Promise<void> {
  await dropFunctions(transaction, trigger.name)
  for (const operation of OPERATIONS) {
    const listened = trigger.definition[operation]
    if (listened === undefined) continue
    const name = functionName(trigger.name, operation)
    await run(transaction, triggerFunction(name, table, trigger.name, operation, listened))
    await run(
      transaction,
      sql`CREATE TRIGGER ${identifier(`notify_hasura_${trigger.name}_${operation.toUpperCase()}`)}
        AFTER ${raw(operation.toUpperCase())} ON ${qualified(table)}
        FOR EACH ROW EXECUTE FUNCTION ${name}()`,
    )
  }
}

/** Where a table was made anew and lost its triggers with the old one. */
export async function restoreTriggers(
  transaction: Queryable,
  entries: readonly { readonly table: QualifiedName; readonly trigger: EventTrigger }[],
): Promise<void> {
  const wanted = entries.flatMap(({ trigger: { definition } }) =>
    OPERATIONS.filter((operation) => definition[operation] !== undefined),
  )
  if (wanted.length === 0) return
  const { rows } = await transaction.query(
    String.raw`SELECT count(*)::int AS "count" FROM pg_trigger WHERE tgname LIKE 'notify\_hasura\_%'`,
  )
  if (rows[0]?.['count'] === wanted.length) return
  for (const { table, trigger } of entries) await installTriggers(transaction, table, trigger)
}

/** With the events that wait for delivery. */
export async function dropTriggers(transaction: Queryable, name: string): Promise<void> {
  await dropFunctions(transaction, name)
  await transaction.query('DELETE FROM hdb_catalog.event_log WHERE trigger_name = $1', [name])
}

async function dropFunctions(transaction: Queryable, name: string): Promise<void> {
  for (const operation of OPERATIONS) {
    await run(transaction, sql`DROP FUNCTION IF EXISTS ${functionName(name, operation)}() CASCADE`)
  }
}

async function run(transaction: Queryable, statement: Sql): Promise<void> {
  const { text } = render(statement)
  await transaction.query(text)
}

function functionName(trigger: string, operation: Operation): Sql {
  return qualified({
    schema: 'hdb_catalog',
    name: `notify_hasura_${trigger}_${operation.toUpperCase()}`,
  })
}

function triggerFunction(
  name: Sql,
  table: QualifiedName,
  trigger: string,
  operation: Operation,
  { columns, payload = '*' }: TriggerOperation,
): Sql {
  const row = (record: 'OLD' | 'NEW', isThere: boolean) =>
    isThere ? rowOf(record, payload) : raw('NULL')
  // An update of other columns, or to the values a row already had, is no event.
  const condition =
    operation === 'update'
      ? sql`to_jsonb(${rowOf('OLD', columns)}) IS DISTINCT FROM to_jsonb(${rowOf('NEW', columns)})`
      : raw('true')
  return sql`CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $hasura$
    BEGIN
      IF ${condition} THEN
        PERFORM hdb_catalog.insert_event_log(
          ${literal(table.schema)}, ${literal(table.name)}, ${literal(trigger)}, TG_OP::text,
          json_build_object(
            'old', ${row('OLD', operation !== 'insert')},
            'new', ${row('NEW', operation !== 'delete')}
          )
        );
      END IF;
      RETURN NULL;
    END
  $hasura$`
}

function rowOf(record: 'OLD' | 'NEW', columns: TriggerOperation['columns']): Sql {
  if (columns === '*') return sql`row_to_json(${raw(record)})`
  const pairs = columns.map((name) => sql`${literal(name)}, ${raw(record)}.${identifier(name)}`)
  return sql`json_build_object(${join(pairs)})`
}
