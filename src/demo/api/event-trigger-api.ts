import { z } from 'zod'
import { RequestError } from '../errors.ts'
import { type Environment, webhookHeaders, webhookUrl } from '../events/webhook.ts'
import {
  type EventTrigger,
  qualifiedName,
  retryConf,
  tableKey,
  triggerOperation,
  webhookHeader,
} from '../metadata.ts'
import { type ApiContext, parseWith, requireSource } from './api-request.ts'

const NAME_LENGTH_MAX = 42
/** Each costs a Postgres trigger per operation and a look at the metadata per event. */
const TRIGGERS_MAX = 1_000

const operation = triggerOperation.optional()

const createArgs = z.object({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, 'only alphanumerics, underscores and hyphens are allowed for name'),
  table: qualifiedName,
  source: z.string().default('default'),
  webhook: z.string().optional(),
  webhook_from_env: z.string().optional(),
  insert: operation,
  update: operation,
  delete: operation,
  enable_manual: z.boolean().default(false),
  headers: z.array(webhookHeader).optional(),
  retry_conf: retryConf.prefault({}),
  replace: z.boolean().default(false),
  request_transform: z.undefined('the demo does not transform requests').optional(),
  response_transform: z.undefined('the demo does not transform responses').optional(),
})

const deleteArgs = z.object({ name: z.string(), source: z.string().default('default') })

export async function createEventTrigger(
  { backend, environment }: ApiContext,
  args: unknown,
): Promise<void> {
  const { table, source, replace, ...fields } = parseWith(createArgs, args)
  requireSource(backend, source)
  const trigger = toTrigger(fields)
  requireSendable(trigger, environment)
  const { metadata, catalog } = backend
  const tracked = metadata.tables.some((entry) => tableKey(entry.table) === tableKey(table))
  if (!tracked) {
    const message = `table "${table.name}" does not exist in source: ${source}`
    throw new RequestError('not-exists', message, '$.args')
  }
  if (catalog.tables.get(tableKey(table))?.primaryKey.length === 0) {
    const message = 'event triggers are only supported on tables with a primary key'
    throw new RequestError('not-supported', message, '$.args')
  }
  const exists = metadata.eventTriggers.some(({ trigger: { name } }) => name === trigger.name)
  if (exists && !replace) {
    const message = `event trigger with name "${trigger.name}" already exists`
    throw new RequestError('already-exists', message, '$.args')
  }
  if (metadata.eventTriggers.length >= TRIGGERS_MAX) {
    throw new RequestError('not-supported', `more than ${TRIGGERS_MAX} event triggers`, '$.args')
  }
  requireColumns(trigger, catalog.tables.get(tableKey(table))?.columns)
  await backend.addEventTrigger(table, trigger)
}

export async function deleteEventTrigger({ backend }: ApiContext, args: unknown): Promise<void> {
  const { name, source } = parseWith(deleteArgs, args)
  requireSource(backend, source)
  if (!backend.metadata.eventTriggers.some(({ trigger }) => trigger.name === name)) {
    const message = `event trigger with name "${name}" does not exist`
    throw new RequestError('not-exists', message, '$.args')
  }
  await backend.removeEventTrigger(name)
}

type Fields = Omit<z.infer<typeof createArgs>, 'table' | 'source' | 'replace'>

/** As Hasura stores and exports it: without what was not given. */
function toTrigger(fields: Fields): EventTrigger {
  const { name, webhook, webhook_from_env, headers, retry_conf, enable_manual } = fields
  if (name.length > NAME_LENGTH_MAX) {
    const message = `event trigger name can be at most ${NAME_LENGTH_MAX} characters`
    throw new RequestError('parse-failed', message, '$.args.name')
  }
  if ((webhook === undefined) === (webhook_from_env === undefined)) {
    const message = 'must provide webhook or webhook_from_env, and not both'
    throw new RequestError('parse-failed', message, '$.args')
  }
  const { insert, update, delete: remove } = fields
  if ((insert ?? update ?? remove) === undefined && !enable_manual) {
    const message = 'atleast one amongst insert/update/delete/enable_manual ops must be provided'
    throw new RequestError('parse-failed', message, '$.args')
  }
  return {
    name,
    definition: {
      enable_manual,
      ...(insert && { insert }),
      ...(update && { update }),
      ...(remove && { delete: remove }),
    },
    retry_conf,
    ...(webhook !== undefined && { webhook }),
    ...(webhook_from_env !== undefined && { webhook_from_env }),
    ...(headers !== undefined && { headers }),
  }
}

/** A webhook that no event could ever reach is refused at once. */
function requireSendable(trigger: EventTrigger, environment: Environment): void {
  const url = webhookUrl(trigger, environment)
  webhookHeaders(trigger, environment)
  const protocol = URL.canParse(url) ? new URL(url).protocol : ''
  if (protocol === 'http:' || protocol === 'https:') return
  throw new RequestError('parse-failed', 'the webhook is not an HTTP URL', '$.args.webhook')
}

function requireColumns(
  { definition: { insert, update, delete: remove } }: EventTrigger,
  known: ReadonlyMap<string, unknown> | undefined,
): void {
  const named = [insert, update, remove].flatMap((listened) => [
    listened?.columns ?? '*',
    listened?.payload ?? '*',
  ])
  const unknown = named
    .flatMap((columns) => (columns === '*' ? [] : columns))
    .find((name) => known?.has(name) !== true)
  if (unknown === undefined) return
  throw new RequestError('not-exists', `column "${unknown}" does not exist`, '$.args')
}
