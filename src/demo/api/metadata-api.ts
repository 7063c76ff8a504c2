import { z } from 'zod'
import { RequestError } from '../errors.ts'
import { qualifiedName } from '../metadata.ts'
import { suggestRelationships } from '../suggest-relationships.ts'
import {
  type ApiContext,
  type ApiRequest,
  parseApiRequest,
  parseWith,
  requireSource,
} from './api-request.ts'
import { createEventTrigger, deleteEventTrigger } from './event-trigger-api.ts'

type Command = (context: ApiContext, request: ApiRequest) => unknown

const BULK_MAX = 1_000
const SUCCESS = { message: 'success' }

/** What `/v1/metadata` of the demo can do, by the `type` of the request. */
const COMMANDS: Readonly<Record<string, Command>> = {
  export_metadata: ({ backend }, { version }) => {
    const exported = backend.metadata.toExport()
    return version === 2 ? exported : exported.metadata
  },
  reload_metadata: async ({ backend }) => {
    await backend.reload()
    return { ...SUCCESS, is_consistent: true }
  },
  get_inconsistent_metadata: () => ({ is_consistent: true, inconsistent_objects: [] }),
  pg_suggest_relationships: suggest,
  pg_create_event_trigger: async (context, { args }) => {
    await createEventTrigger(context, args)
    return SUCCESS
  },
  pg_delete_event_trigger: async (context, { args }) => {
    await deleteEventTrigger(context, args)
    return SUCCESS
  },
  bulk: async (context, { args }) => {
    const answers: unknown[] = []
    for (const one of parseWith(z.array(z.unknown()).max(BULK_MAX), args)) {
      answers.push(await runMetadataCommand(context, one))
    }
    return answers
  },
}

/** Rejects with a RequestError for what Hasura refuses. */
export async function runMetadataCommand(context: ApiContext, body: unknown): Promise<unknown> {
  const request = parseApiRequest(body)
  const command = Object.hasOwn(COMMANDS, request.type) ? COMMANDS[request.type] : undefined
  if (command === undefined) throw unknownCommand(request.type)
  const { resourceVersion } = request
  if (
    resourceVersion !== undefined &&
    resourceVersion !== context.backend.metadata.resourceVersion
  ) {
    const message = `metadata resource version referenced (${resourceVersion}) did not match current version`
    throw new RequestError('conflict', message, '$', { status: 409 })
  }
  return await command(context, request)
}

const suggestArgs = z.object({
  source: z.string().default('default'),
  omit_tracked: z.boolean().default(false),
  tables: z.array(qualifiedName).optional(),
})

function suggest({ backend }: ApiContext, { args }: ApiRequest): unknown {
  const { source, omit_tracked: omitTracked, tables } = parseWith(suggestArgs, args ?? {})
  requireSource(backend, source)
  const options = tables === undefined ? { omitTracked } : { omitTracked, tables }
  return { relationships: suggestRelationships(backend.catalog, backend.metadata, options) }
}

/** Hasura takes the word before the first `_` for a kind of database. */
function unknownCommand(type: string): RequestError {
  const [backend = ''] = type.split('_', 1)
  const known = ['pg', 'postgres', 'citus', 'cockroach', 'mssql', 'dataconnector']
  const why = known.includes(backend)
    ? `unknown metadata command "${type.slice(backend.length + 1)}" for backend ${backend}`
    : `unknown metadata command "${type}"; "${backend}" was not recognized as a valid backend name`
  return new RequestError('parse-failed', why)
}
