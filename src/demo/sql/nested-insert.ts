import { invariant, nth } from '../../shared/assert.ts'
import { RequestError } from '../errors.ts'
import { isList, isObject, type JsonObject, type JsonValue } from '../json.ts'
import type { Relationship } from '../model.ts'
import { type InsertableTable, isInsertable } from '../root-fields.ts'
import { insertStatement } from './insert-statement.ts'
import { type Writer, write } from './write.ts'

/**
 * Rows with rows inside them: first those they refer to, then they themselves, then those that
 * refer to them. Each level is one statement, but for ON CONFLICT: it may leave rows out, and then
 * only a statement per row tells which.
 */
export class NestedInsert {
  readonly #writer: Writer
  affected = 0

  constructor(writer: Writer) {
    this.#writer = writer
  }

  /** The rows written, in the order of the objects. */
  async insert(
    table: InsertableTable,
    objects: readonly JsonObject[],
    onConflict: JsonObject | undefined,
  ): Promise<readonly JsonObject[]> {
    const relationships = nestedIn(table, objects)
    if (onConflict !== undefined && relationships.length > 0 && objects.length > 1) {
      const rows: JsonObject[] = []
      for (const object of objects) rows.push(...(await this.insert(table, [object], onConflict)))
      return rows
    }
    let complete = objects
    for (const relationship of relationships.filter(({ insertBefore }) => insertBefore)) {
      complete = await this.#insertReferred(complete, relationship)
    }
    const statement = insertStatement(this.#writer.scope, table, complete, onConflict)
    const rows = await write(this.#writer, statement)
    this.affected += rows.length
    const referring = relationships.filter(({ insertBefore }) => !insertBefore)
    if (referring.length > 0 && rows.length !== objects.length) {
      throw this.#refuse(
        `cannot proceed to insert array relations since insert to table ${quote(table.tracked.name)} affects zero rows`,
      )
    }
    for (const relationship of referring) {
      await this.#insertReferring(objects, rows, relationship)
    }
    return rows
  }

  /** Inserts the rows that the objects refer to; gives the objects with those keys filled in. */
  async #insertReferred(
    objects: readonly JsonObject[],
    relationship: Relationship,
  ): Promise<readonly JsonObject[]> {
    const target = this.#target(relationship)
    const referring = objects.filter((object) => isObject(object.get(relationship.name)))
    for (const { local } of relationship.columns) {
      if (referring.some((object) => object.has(local))) {
        throw this.#refuse(
          `cannot insert object relationship ${quote(relationship.name)} as ${quote(local)} column values are already determined`,
        )
      }
    }
    const nested = referring.map((object) => nestedData(object.get(relationship.name)))
    const rows = await this.#insertAligned(target, nested)
    if (rows.length !== referring.length) {
      throw this.#refuse(
        `cannot proceed to insert object relation ${quote(relationship.name)} since insert to table ${quote(target.tracked.name)} affects zero rows`,
      )
    }
    return objects.map((object) => {
      const at = referring.indexOf(object)
      if (at === -1) return object
      const row = nth(rows, at)
      const keys = relationship.columns.map(({ local, remote }): [string, JsonValue] => [
        local,
        row.get(remote) ?? null,
      ])
      return new Map([...object, ...keys])
    })
  }

  /** Inserts what refers to the rows, once these have their keys. */
  async #insertReferring(
    objects: readonly JsonObject[],
    rows: readonly JsonObject[],
    relationship: Relationship,
  ): Promise<void> {
    const target = this.#target(relationship)
    const nested = objects.flatMap((object, index) => {
      const value = object.get(relationship.name)
      if (!isObject(value)) return []
      const keys = relationship.columns.map(({ local, remote }): [string, JsonValue] => [
        remote,
        nth(rows, index).get(local) ?? null,
      ])
      const { data, onConflict } = nestedData(value)
      return [{ data: data.map((child) => new Map([...child, ...keys])), onConflict }]
    })
    await this.#insertAligned(target, nested)
  }

  /** All in one statement where no ON CONFLICT can leave some of them out. */
  async #insertAligned(
    target: InsertableTable,
    nested: readonly NestedData[],
  ): Promise<readonly JsonObject[]> {
    if (nested.every(({ onConflict }) => onConflict === undefined)) {
      const objects = nested.flatMap(({ data }) => data)
      return objects.length === 0 ? [] : this.insert(target, objects, undefined)
    }
    const rows: JsonObject[] = []
    for (const { data, onConflict } of nested) {
      if (data.length > 0) rows.push(...(await this.insert(target, data, onConflict)))
    }
    return rows
  }

  #target({ target }: Relationship): InsertableTable {
    const table = this.#writer.scope.role.tables.get(target)
    invariant(table !== undefined && isInsertable(table), `${target} cannot be inserted into`)
    return table
  }

  #refuse(message: string): RequestError {
    return new RequestError('not-supported', message, this.#writer.path)
  }
}

interface NestedData {
  readonly data: readonly JsonObject[]
  readonly onConflict: JsonObject | undefined
}

function nestedData(value: JsonValue | undefined): NestedData {
  const given: JsonObject = isObject(value) ? value : new Map()
  const data = given.get('data') ?? null
  return {
    data: objectsOf(isList(data) ? data : [data]),
    onConflict: optionalObject(given.get('on_conflict')),
  }
}

export function nestedIn(
  table: InsertableTable,
  objects: readonly JsonObject[],
): readonly Relationship[] {
  return [...table.tracked.relationships.values()].filter(({ name }) =>
    objects.some((object) => isObject(object.get(name))),
  )
}

export function objectsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return isList(value) ? value.filter(isObject) : []
}

export function optionalObject(value: JsonValue | undefined): JsonObject | undefined {
  return isObject(value) ? value : undefined
}

function quote(name: string): string {
  return JSON.stringify(name)
}
