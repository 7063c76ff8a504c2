import type { Field } from '../request/field.ts'
import type { QueryField } from '../root-fields.ts'
import type { Sql } from './fragment.ts'
import type { Scope } from './scope.ts'
import { aggregatedJson, functionOrigin, listJson, oneJson, tableOrigin } from './select.ts'
import { parseKey } from './where-argument.ts'

/** A root field of a query as one SQL expression, whatever is nested in it. */
export function queryField(scope: Scope, root: QueryField, field: Field): Sql {
  const { table } = root
  switch (root.kind) {
    case 'select':
      return listJson(scope, table, tableOrigin(scope, table), field)
    case 'aggregate':
      return aggregatedJson(scope, table, () => tableOrigin(scope, table), field)
    case 'function':
      return listJson(scope, table, functionOrigin(scope, root.function, field), field)
    case 'function_aggregate': {
      const origin = () => functionOrigin(scope, root.function, field)
      return aggregatedJson(scope, table, origin, field)
    }
    case 'by_pk': {
      const condition = parseKey(field.args, table)
      return oneJson(scope, table, tableOrigin(scope, table), { condition, fields: field.fields })
    }
  }
}
