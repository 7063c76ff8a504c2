import { GatewayError } from '../errors.ts'
import type { Operation, SelectedField } from '../graphql/operation.ts'

/** Fields that tell of the schema itself. `__typename` tells what the client has just written. */
export const INTROSPECTION: ReadonlySet<string> = new Set(['__schema', '__type'])

/** Of Apollo Federation: its `sdl` is the whole schema. */
const SERVICE = '_service'

/**
 * The field by which an operation asks for the schema, if it does; `rootFields` with fragments in place. At any
 * depth: some servers let their query type stand in others.
 */
export function introspectedField(rootFields: readonly SelectedField[]): string | undefined {
  if (rootFields.some(({ name }) => name === SERVICE)) return SERVICE
  return metaFieldIn(rootFields)
}

function metaFieldIn(fields: readonly SelectedField[]): string | undefined {
  for (const { name, selections } of fields) {
    const found = INTROSPECTION.has(name) ? name : metaFieldIn(selections)
    if (found !== undefined) return found
  }
  return undefined
}

/** In the words of a Hasura whose schema does not have the field (`disabled_for_roles`). */
export function introspectionRefused(field: string, kind: Operation['kind']): GatewayError {
  const message = `field '${field}' not found in type: '${kind}_root'`
  return new GatewayError('introspection-disabled', message, { path: `$.selectionSet.${field}` })
}
