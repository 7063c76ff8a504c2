import type { Config } from '../../config/index.ts'
import { connectHasura, type HasuraApi, HasuraRefusal } from './hasura-api.ts'
import { readTrackedTables, type TrackedTable } from './tracked-tables.ts'
import {
  defineTrigger,
  NAME_PREFIX,
  type TriggerTarget,
  triggerName,
} from './trigger-definition.ts'
import { triggerState } from './trigger-state.ts'

export interface TriggersOrder {
  readonly action: 'install' | 'remove' | 'status'
  /** Needed to install; for the status, what is not given is not compared. */
  readonly target: Partial<TriggerTarget>
  /** Only this one of Hasura's sources. */
  readonly source: string | undefined
  readonly isDryRun: boolean
}

/**
 * Of one table, or of one trigger of ours on it. `failed` has Hasura's own words, `impossible` what is in the
 * way; in a dry run the others are what would be done.
 */
export interface TriggerLine {
  readonly source: string
  readonly table: string
  readonly trigger: string | undefined
  readonly state:
    | 'installed'
    | 'outdated'
    | 'missing'
    | 'impossible'
    | 'created'
    | 'replaced'
    | 'removed'
    | 'failed'
  readonly reason: string | undefined
}

/** Reads what Hasura tracks and brings its event triggers to what they should be: again changes nothing. */
export async function manageTriggers(
  config: Config,
  order: TriggersOrder,
  signal: AbortSignal,
): Promise<readonly TriggerLine[]> {
  const api = connectHasura(config, signal)
  try {
    const lines: TriggerLine[] = []
    for (const table of await readTrackedTables(api, order.source)) {
      lines.push(...(await manageTable(api, table, order)))
    }
    return lines
  } finally {
    await api.close()
  }
}

async function manageTable(
  api: HasuraApi,
  table: TrackedTable,
  order: TriggersOrder,
): Promise<readonly TriggerLine[]> {
  const ours = table.triggers.filter(({ name }) => name.startsWith(NAME_PREFIX))
  if (order.action === 'remove') {
    const lines: TriggerLine[] = []
    for (const { name } of ours) lines.push(await remove(api, table, { name, order }))
    return lines
  }
  if (table.whyNot !== undefined) return [lineOf(table, undefined, 'impossible', table.whyNot)]
  const name = triggerName(table)
  const existing = ours.find((trigger) => trigger.name === name)
  const state = triggerState(table, existing, order.target)
  if (order.action === 'status' || state === 'installed') return [lineOf(table, name, state)]
  return [await install(api, table, { isThere: existing !== undefined, order })]
}

interface Step {
  readonly order: TriggersOrder
}

async function install(
  api: HasuraApi,
  table: TrackedTable,
  { isThere, order }: Step & { readonly isThere: boolean },
): Promise<TriggerLine> {
  const { url, secret } = order.target
  const name = triggerName(table)
  if (url === undefined || secret === undefined) {
    return lineOf(table, name, 'failed', 'the gateway’s URL and secret are needed to install')
  }
  const args = { ...defineTrigger(table, { url, secret }), replace: isThere }
  const done = isThere ? 'replaced' : 'created'
  return await change(api, { type: 'pg_create_event_trigger', args }, { table, name, done, order })
}

async function remove(
  api: HasuraApi,
  table: TrackedTable,
  { name, order }: Step & { readonly name: string },
): Promise<TriggerLine> {
  const args = { name, source: table.source }
  const request = { type: 'pg_delete_event_trigger', args }
  return await change(api, request, { table, name, done: 'removed', order })
}

interface Change extends Step {
  readonly table: TrackedTable
  readonly name: string
  readonly done: TriggerLine['state']
}

/** One table that Hasura refuses does not keep the others from theirs. */
async function change(
  api: HasuraApi,
  request: object,
  { table, name, done, order }: Change,
): Promise<TriggerLine> {
  if (order.isDryRun) return lineOf(table, name, done)
  try {
    await api.post('/v1/metadata', request)
    return lineOf(table, name, done)
  } catch (error) {
    if (!(error instanceof HasuraRefusal)) throw error
    return lineOf(table, name, 'failed', error.message)
  }
}

function lineOf(
  { source, schema, name }: TrackedTable,
  trigger: string | undefined,
  state: TriggerLine['state'],
  reason?: string,
): TriggerLine {
  return { source, table: `${schema}.${name}`, trigger, state, reason }
}
