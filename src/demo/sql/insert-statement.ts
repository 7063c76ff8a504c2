import { and } from '../bool-exp.ts'
import { isList, type JsonObject, type JsonValue, textOf } from '../json.ts'
import type { InsertableTable } from '../root-fields.ts'
import { identifier, join, NOTHING, qualified, raw, type Sql, sql } from './fragment.ts'
import type { Scope } from './scope.ts'
import { columnValue, presetValue } from './value.ts'
import { where } from './where.ts'
import { parseWhere } from './where-argument.ts'
import { CHECK } from './write.ts'

/** One statement for all rows; what a row does not give is its column's default. */
export function insertStatement(
  scope: Scope,
  table: InsertableTable,
  rows: readonly JsonObject[],
  onConflict: JsonObject | undefined,
): Sql {
  const { catalog } = table.tracked
  const alias = scope.alias()
  const columns = [...catalog.columns.values()].filter(
    ({ name }) => table.insert.presets.has(name) || rows.some((row) => row.has(name)),
  )
  // VALUES needs a column even when every row is all defaults.
  const named = columns.length > 0 ? columns : [...catalog.columns.values()].slice(0, 1)
  const values = rows.map((row) => {
    const cells = named.map((column) => {
      const value = row.get(column.name)
      if (value !== undefined) return columnValue(column, value)
      const preset = table.insert.presets.get(column.name)
      return preset === undefined ? raw('DEFAULT') : presetValue(column, preset, scope.session)
    })
    return sql`(${join(cells)})`
  })
  const names = join(named.map(({ name }) => identifier(name)))
  return sql`INSERT INTO ${qualified(catalog)} AS ${alias} (${names}) VALUES ${join(values)}${conflict(scope, table, alias, onConflict)} RETURNING ${alias}.*, ${check(scope, table, alias, onConflict)} AS ${CHECK}`
}

/** An upsert of a role without update permission can only leave existing rows alone. */
function conflict(
  scope: Scope,
  table: InsertableTable,
  alias: Sql,
  onConflict: JsonObject | undefined,
): Sql {
  if (onConflict === undefined) return NOTHING
  const target = sql` ON CONFLICT ON CONSTRAINT ${identifier(textOf(onConflict.get('constraint')))}`
  const names = updateColumns(onConflict.get('update_columns'))
  if (names.length === 0 || table.update === undefined) return sql`${target} DO NOTHING`
  const set = names.map((name) => sql`${identifier(name)} = EXCLUDED.${identifier(name)}`)
  for (const [name, preset] of table.update.presets) {
    const column = table.tracked.catalog.columns.get(name)
    if (column === undefined) continue
    set.push(sql`${identifier(name)} = ${presetValue(column, preset, scope.session)}`)
  }
  const condition = and(
    table.update.filter,
    parseWhere(onConflict.get('where') ?? null, table, scope.role),
  )
  return sql`${target} DO UPDATE SET ${join(set)} WHERE ${where(scope, alias, condition)}`
}

/** A row that an upsert found is held to the check of the update permission instead. */
function check(
  scope: Scope,
  table: InsertableTable,
  alias: Sql,
  onConflict: JsonObject | undefined,
): Sql {
  const inserted = where(scope, alias, table.insert.check)
  if (onConflict === undefined || table.update === undefined) return inserted
  const updated = where(scope, alias, table.update.check)
  // Only a row version that replaced another has an xmax here.
  return sql`CASE WHEN ${alias}.xmax = 0 THEN ${inserted} ELSE ${updated} END`
}

function updateColumns(value: JsonValue | undefined): readonly string[] {
  return isList(value) ? value.map(textOf) : []
}
