import { ANY_WRITE, EVERYTHING } from '../cache/epochs.ts'
import { combinePlans, planOf, sorted } from './combine-plans.ts'
import type { PlanPart } from './explanation.ts'
import { EVERY_HEADER } from './forwarded-headers.ts'
import type {
  Action,
  FunctionCall,
  MetadataModel,
  RemoteSchema,
  Source,
  Table,
  TableId,
  WriteEvent,
} from './metadata-model.ts'
import { ADMIN, selectFilters, sessionVariablesIn, visitFilter } from './permission-filters.ts'
import type { Plan } from './plan.ts'
import { relationReads, relationTag, writtenAlongRow, writtenTags } from './relation-tags.ts'

const UNEXPLAINED = 'a relationship that leads where the metadata does not tell'

/** What one part of an operation adds to its plan. The same instance for the same part. */
export interface Footprint extends Plan {
  readonly id: number
  readonly parts: readonly PlanPart[]
}

/** Worked out when they are first needed: of the many pairs of table and role few are ever asked for. */
export class Footprints {
  readonly model: MetadataModel
  readonly #known = new Map<string, Footprint>()
  #count = 0

  /** Of what the metadata does not explain. */
  readonly unknown: Footprint
  readonly introspection = this.#create('the schema is asked for', {
    sessionVariables: 'all',
    reads: [ANY_WRITE],
    uncacheable: 'introspection',
  })
  readonly storedProcedure = this.#create('a stored procedure', {
    sessionVariables: 'all',
    reads: [ANY_WRITE],
    uncacheable: 'volatile-function',
  })
  readonly mutation = this.#create('it is a mutation', {
    sessionVariables: 'all',
    uncacheable: 'not-a-query',
  })
  readonly writesAnything = this.#create('a field of which it is not known what it writes', {
    writes: [EVERYTHING],
  })

  constructor(model: MetadataModel) {
    this.model = model
    const { unknownFields, remoteSchemas } = model
    const isRemote = unknownFields === 'remote-schema'
    const headers = [...remoteSchemas.values()].map(({ forwardedHeaders }) =>
      planOf({ forwardedHeaders }),
    )
    this.unknown = this.#create('a field or table that the metadata does not explain', {
      ...combinePlans(headers),
      sessionVariables: 'all',
      reads: [ANY_WRITE],
      uncacheable: isRemote ? undefined : unknownFields,
      onRequestOnly: isRemote ? 'remote-schema' : undefined,
    })
  }

  /** Of rows as a role sees them. Where it sees none, Hasura will refuse; if the metadata has not changed. */
  ofSelect(table: Table, role: string): Footprint {
    return this.#ofTable(table, role, false)
  }

  /** The same of a single row, without the tags that say which. */
  ofRow(table: Table, role: string): Footprint {
    return this.#ofTable(table, role, true)
  }

  ofFunction({ name, reads, readsSession, isVolatile }: FunctionCall): Footprint {
    const flags = `${readsSession ? ' session' : ''}${isVolatile ? ' volatile' : ''}`
    return this.#remembered(`function ${name}${flags}`, () => [
      part(`the function ${name}`, {
        reads,
        sessionVariables: readsSession || isVolatile ? 'all' : [],
        uncacheable: isVolatile ? 'volatile-function' : undefined,
      }),
    ])
  }

  /** Its handler is told the whole session. */
  ofAction({ name, reads, forwardedHeaders, isAsynchronous }: Action): Footprint {
    return this.#remembered(`action ${name}`, () => [
      part(`the action ${name}`, {
        sessionVariables: 'all',
        reads,
        forwardedHeaders,
        uncacheable: isAsynchronous ? 'action' : undefined,
        onRequestOnly: 'action',
      }),
    ])
  }

  ofActionWrite({ name, writes }: Action): Footprint {
    return this.#remembered(`write by action ${name}`, () => [
      part(`the action ${name}`, { writes }),
    ])
  }

  /** `undefined` for one that is not known. */
  ofRemoteSchema(schema: RemoteSchema | undefined): Footprint {
    if (schema === undefined) {
      return this.#remembered('remote schema', () => [
        part('a remote schema that the metadata does not explain', {
          sessionVariables: 'all',
          forwardedHeaders: EVERY_HEADER,
          reads: [ANY_WRITE],
          onRequestOnly: 'remote-schema',
        }),
      ])
    }
    const { name, isPublic, presetVariables, forwardedHeaders, reads } = schema
    return this.#remembered(`remote schema ${name}`, () => [
      part(`the remote schema ${name}${isPublic ? ', which is public' : ''}`, {
        // It is told the whole session, whether it needs it or not.
        sessionVariables: isPublic ? presetVariables : 'all',
        forwardedHeaders: isPublic ? undefined : forwardedHeaders,
        reads,
        onRequestOnly: 'remote-schema',
      }),
    ])
  }

  ofWrite(table: TableId, event: WriteEvent): Footprint {
    return this.#ofWrite(table, event, false)
  }

  /** Of a row whose own tag is left to the caller. */
  ofRowWrite(table: TableId, event: WriteEvent): Footprint {
    return this.#ofWrite(table, event, true)
  }

  #ofWrite(table: TableId, event: WriteEvent, isRow: boolean): Footprint {
    const located = this.#locate(table)
    if (located === undefined) return this.writesAnything
    const { source, relation } = located
    return this.#remembered(`${isRow ? 'row' : 'rows'} written ${event} ${table}`, () => {
      const tagsOf = isRow ? writtenAlongRow : writtenTags
      const writes = [...tagsOf(source, relation, event)]
      return [part(`${event} of table ${table}, and what follows from it`, { writes })]
    })
  }

  #ofTable(table: Table, role: string, isRow: boolean): Footprint {
    const filters = role === ADMIN ? [] : selectFilters(this.model, table, role)
    // Admins may invent roles: of these nothing is remembered.
    if (filters === undefined) return this.unknown
    return this.#remembered(`${isRow ? 'row' : 'rows'} ${role} ${table.id}`, () => [
      this.#ofRows(table.id, isRow),
      ...filters.flatMap((filter) => this.#ofFilter(filter, table, role)),
    ])
  }

  #ofFilter(filter: unknown, table: Table, role: string): readonly PlanPart[] {
    const because = `the filter of role ${role} on ${table.id}`
    const parts: PlanPart[] = [
      part(because, { sessionVariables: sorted(sessionVariablesIn(filter)) }),
    ]
    const within = (plan: PlanPart): void => {
      parts.push({ ...plan, because: `${because}: ${plan.because}` })
    }
    visitFilter(this.model, filter, table, {
      reach: (id) => within(this.#ofRows(id)),
      compute: (call) => this.ofFunction(call).parts.forEach(within),
    })
    return parts
  }

  /** Of rows that no role's filter hides. */
  #ofRows(id: TableId | undefined, isRow = false): PlanPart {
    const located = id === undefined ? undefined : this.#locate(id)
    if (located === undefined) {
      const [unknown] = this.unknown.parts
      const because = id === undefined ? UNEXPLAINED : `the unknown table ${id}`
      return { ...planOf(unknown ?? {}), because }
    }
    const { table, source, relation } = located
    const { tags, readsSession, unknown } = readsOf(located)
    const isWhole = readsSession || source.routing !== undefined || table.isOpaque
    const reads = new Set(table.isOpaque ? [...tags, ANY_WRITE] : tags)
    if (isRow) reads.delete(relationTag(source.name, relation))
    return part(`the rows of ${id}${whyUnknown(source, unknown)}`, {
      sessionVariables: isWhole ? 'all' : [],
      forwardedHeaders: source.routing?.forwardedHeaders,
      reads: [...reads],
    })
  }

  #locate(id: TableId): Located | undefined {
    const table = this.model.tables.get(id)
    const source = table === undefined ? undefined : this.model.sources.get(table.source)
    if (table === undefined || source === undefined) return undefined
    return { table, source, relation: `${table.name.schema}.${table.name.name}` }
  }

  #remembered(key: string, partsOf: () => readonly PlanPart[]): Footprint {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const footprint = this.#combine(partsOf())
    this.#known.set(key, footprint)
    return footprint
  }

  #create(because: string, plan: Partial<Plan>): Footprint {
    return this.#combine([part(because, plan)])
  }

  #combine(parts: readonly PlanPart[]): Footprint {
    this.#count += 1
    return { ...combinePlans(parts), id: this.#count, parts }
  }
}

interface Located {
  readonly table: Table
  readonly source: Source
  /** `schema.name` */
  readonly relation: string
}

function readsOf({ table, source, relation }: Located): ReturnType<typeof relationReads> {
  if (table.query === undefined) return relationReads(source, relation)
  const { reads, readsSession } = table.query
  return { tags: new Set(reads), readsSession, unknown: [] }
}

/** For people who wonder why the whole session is in a key. */
function whyUnknown({ catalog }: Source, unknown: readonly string[]): string {
  if (unknown.length === 0) return ''
  return catalog === undefined
    ? ': its catalog is not known'
    : `: its catalog does not tell of ${unknown.join(', ')}`
}

export function part(because: string, plan: Partial<Plan>): PlanPart {
  return { ...planOf(plan), because }
}
