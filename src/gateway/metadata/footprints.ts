import { ANY_WRITE, EVERYTHING } from '../cache/epochs.ts'
import type { MetadataModel, Table, TableId, WriteEvent } from './metadata-model.ts'
import { ADMIN, selectFilters, sessionVariablesIn, visitFilter } from './permission-filters.ts'
import type { Plan, Tag, UncacheableReason } from './plan.ts'
import { relationReads, writtenTags } from './relation-tags.ts'

/** What one part of an operation adds to its plan. The same instance for the same part. */
export interface Footprint extends Plan {
  readonly id: number
}

/** The plan of an operation that has these parts. */
export function toPlan(footprints: Iterable<Plan>): Plan {
  const parts = [...footprints]
  const isWhole = parts.some(({ sessionVariables }) => sessionVariables === 'all')
  const names = parts.flatMap(({ sessionVariables }) =>
    sessionVariables === 'all' ? [] : sessionVariables,
  )
  return {
    sessionVariables: isWhole ? 'all' : sorted(names),
    reads: sorted(parts.flatMap(({ reads }) => reads)),
    writes: sorted(parts.flatMap(({ writes }) => writes)),
    uncacheable: parts.find(({ uncacheable }) => uncacheable !== undefined)?.uncacheable,
  }
}

/** Worked out when they are first needed: of the many pairs of table and role few are ever asked for. */
export class Footprints {
  readonly model: MetadataModel
  readonly #selects = new Map<string, Footprint>()
  readonly #writes = new Map<string, Footprint>()
  #count = 0

  /** Of what the metadata does not explain. */
  readonly unknown: Footprint
  readonly introspection = this.#uncacheable('introspection')
  readonly action = this.#uncacheable('action')
  readonly remoteSchema = this.#uncacheable('remote-schema')
  readonly volatileFunction = this.#uncacheable('volatile-function')
  /** Of functions: whatever they read. */
  readonly computed = this.#create({ reads: [ANY_WRITE] })
  readonly computedFromSession = this.#create({ reads: [ANY_WRITE], sessionVariables: 'all' })
  readonly mutation = this.#create({ sessionVariables: 'all', uncacheable: 'not-a-query' })
  readonly writesAnything = this.#create({ writes: [EVERYTHING] })

  constructor(model: MetadataModel) {
    this.model = model
    this.unknown = this.#create({
      sessionVariables: 'all',
      reads: [ANY_WRITE],
      uncacheable: model.unknownFields,
    })
  }

  /** Of rows as a role sees them. Where it sees none, Hasura will refuse; if the metadata has not changed. */
  ofSelect(table: Table, role: string): Footprint {
    const filters = role === ADMIN ? [] : selectFilters(this.model, table, role)
    // Admins may invent roles: of these nothing is remembered.
    if (filters === undefined) return this.unknown
    const key = `${role} ${table.id}`
    const known = this.#selects.get(key)
    if (known !== undefined) return known
    const rows = this.#ofRows(table.id)
    const parts = filters.flatMap((filter) => this.#ofFilter(filter, table))
    const footprint = this.#create(toPlan([rows, ...parts]))
    this.#selects.set(key, footprint)
    return footprint
  }

  ofWrite(table: TableId, event: WriteEvent): Footprint {
    const key = `${event} ${table}`
    const known = this.#writes.get(key)
    if (known !== undefined) return known
    const located = this.#locate(table)
    if (located === undefined) return this.writesAnything
    const writes = [...writtenTags(located.source, located.relation, event)]
    const footprint = this.#create({ writes })
    this.#writes.set(key, footprint)
    return footprint
  }

  #ofFilter(filter: unknown, table: Table): readonly Plan[] {
    const parts: Plan[] = [this.#plan({ sessionVariables: sorted(sessionVariablesIn(filter)) })]
    visitFilter(this.model, filter, table, {
      reach: (id) => parts.push(this.#ofRows(id)),
      compute: (readsSession) =>
        parts.push(readsSession ? this.computedFromSession : this.computed),
    })
    return parts
  }

  /** Of rows that no role's filter hides. */
  #ofRows(id: TableId | undefined): Plan {
    const located = id === undefined ? undefined : this.#locate(id)
    if (located === undefined) return this.unknown
    const { tags, readsSession } = relationReads(located.source, located.relation)
    const isWhole = readsSession || located.source.isRouted || located.table.isOpaque
    return this.#plan({
      sessionVariables: isWhole ? 'all' : [],
      reads: located.table.isOpaque ? [...tags, ANY_WRITE] : [...tags],
    })
  }

  #locate(id: TableId) {
    const table = this.model.tables.get(id)
    const source = table === undefined ? undefined : this.model.sources.get(table.source)
    if (table === undefined || source === undefined) return undefined
    return { table, source, relation: `${table.name.schema}.${table.name.name}` }
  }

  #uncacheable(uncacheable: UncacheableReason): Footprint {
    return this.#create({ sessionVariables: 'all', reads: [ANY_WRITE], uncacheable })
  }

  #create(parts: Partial<Plan>): Footprint {
    this.#count += 1
    return { ...this.#plan(parts), id: this.#count }
  }

  #plan(parts: Partial<Plan>): Plan {
    return { sessionVariables: [], reads: [], writes: [], uncacheable: undefined, ...parts }
  }
}

function sorted<T extends Tag>(values: Iterable<T>): readonly T[] {
  return [...new Set(values)].sort()
}
