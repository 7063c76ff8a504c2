import type { Column } from '../catalog.ts'
import type { Relationship } from '../model.ts'
import { isNumericType, isOrderedType } from '../operators.ts'
import { type ReadableTable, type RoleModel, readableTarget } from '../permissions.ts'

export interface ReadableRelationship {
  readonly name: string
  readonly relationship: Relationship
  readonly target: ReadableTable
}

export function readableRelationships(
  role: RoleModel,
  table: ReadableTable,
): readonly ReadableRelationship[] {
  return [...table.tracked.relationships].flatMap(([name, relationship]) => {
    const target = readableTarget(role, relationship)
    return target === undefined ? [] : [{ name, relationship, target }]
  })
}

/** The columns that `min`, `sum` and so on make sense for. */
export function aggregatedColumns(table: ReadableTable, aggregate: string): readonly Column[] {
  const ordered = aggregate === 'max' || aggregate === 'min'
  return table.select.columns.filter(({ type }) =>
    ordered ? isOrderedType(type) : isNumericType(type),
  )
}
