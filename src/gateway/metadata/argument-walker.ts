import { isJsonNumber, isJsonObject } from '../graphql/lossless-json.ts'
import type { ArgumentValue, JsonValue } from '../graphql/operation.ts'
import type { Table } from './metadata-model.ts'

/** A place that a variable fills: what its value names leads on from `table`. */
export interface VariableSlot {
  readonly variable: string
  readonly table: Table
}

/** The table that the value under `key` speaks of; `undefined` when the value leads no further. */
export type Step = (key: string, table: Table) => Table | undefined

/**
 * Goes through the arguments of a field in search of the relationships they name, in `where`, `order_by`,
 * inserted objects and predicates over aggregates alike: a key that is none is a column, an operator or a
 * container, whose value speaks of the same table. What Hasura would refuse is walked all the same.
 */
export class ArgumentWalker {
  readonly #step: Step
  readonly #slots = new Map<string, VariableSlot>()

  constructor(step: Step) {
    this.#step = step
  }

  /** Each variable once per table. */
  get slots(): readonly VariableSlot[] {
    return [...this.#slots.values()]
  }

  visit(value: ArgumentValue, table: Table): void {
    switch (value.kind) {
      case 'variable': {
        const { name: variable } = value
        this.#slots.set(`${variable} ${table.id}`, { variable, table })
        break
      }
      case 'object':
        for (const [key, field] of value.fields) {
          const next = this.#step(key, table)
          if (next !== undefined) this.visit(field, next)
        }
        break
      case 'list':
        for (const item of value.items) this.visit(item, table)
        break
      default:
    }
  }

  /** The value of a variable. */
  visitJson(value: JsonValue, table: Table): void {
    if (typeof value !== 'object' || value === null || isJsonNumber(value)) return
    if (!isJsonObject(value)) {
      for (const item of value) this.visitJson(item, table)
      return
    }
    for (const [key, member] of value) {
      const next = this.#step(key, table)
      if (next !== undefined) this.visitJson(member, next)
    }
  }
}
