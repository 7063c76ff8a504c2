import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { ExistingTrigger, TrackedTable } from './tracked-tables.ts'
import { defineTrigger, type TriggerDefinition, type TriggerTarget } from './trigger-definition.ts'

export type TriggerState = 'installed' | 'outdated' | 'missing'

const operation = z.looseObject({ columns: z.unknown(), payload: z.unknown().optional() })
const stored = z.looseObject({
  webhook: z.string().optional(),
  definition: z.looseObject({
    insert: operation.optional(),
    update: operation.optional(),
    delete: operation.optional(),
  }),
  headers: z
    .array(
      z.looseObject({
        name: z.string(),
        value: z.string().optional(),
        value_from_env: z.string().optional(),
      }),
    )
    .nullish(),
  retry_conf: z.looseObject({
    num_retries: z.number(),
    interval_sec: z.number(),
    timeout_sec: z.number().nullish(),
  }),
})

/** Whether a trigger is as it would be made for `target` now; what the target leaves open is not compared. */
export function triggerState(
  table: TrackedTable,
  existing: ExistingTrigger | undefined,
  { url, secret }: Partial<TriggerTarget>,
): TriggerState {
  if (existing === undefined) return 'missing'
  const parsed = stored.safeParse(existing)
  if (!parsed.success) return 'outdated'
  const had = partsOfStored(parsed.data)
  const wanted = defineTrigger(table, { url: url ?? '', secret: secret ?? { value: '' } })
  const expected = {
    ...partsOf(wanted),
    ...(url === undefined && { webhook: had.webhook }),
    ...(secret === undefined && { headers: had.headers }),
  }
  return isDeepStrictEqual(had, expected) ? 'installed' : 'outdated'
}

interface Parts {
  readonly webhook: string | undefined
  readonly operations: readonly unknown[]
  readonly headers: readonly unknown[]
  readonly retries: readonly unknown[]
}

function partsOf(definition: TriggerDefinition): Parts {
  const { webhook, headers, retry_conf: retries } = definition
  return {
    webhook,
    operations: [definition.insert, definition.update, definition.delete].map(operationParts),
    headers,
    retries: [retries.num_retries, retries.interval_sec, retries.timeout_sec],
  }
}

function partsOfStored({
  webhook,
  definition,
  headers,
  retry_conf: retries,
}: z.output<typeof stored>): Parts {
  return {
    webhook,
    operations: [definition.insert, definition.update, definition.delete].map(operationParts),
    headers: (headers ?? []).map(({ name, value, value_from_env }) => ({
      name,
      ...(value !== undefined && { value }),
      ...(value_from_env !== undefined && { value_from_env }),
    })),
    retries: [retries.num_retries, retries.interval_sec, retries.timeout_sec],
  }
}

function operationParts(
  operation: { readonly columns: unknown; readonly payload?: unknown } | undefined,
): readonly unknown[] {
  return operation === undefined ? [] : [operation.columns, operation.payload ?? '*']
}
