import type { z } from 'zod'
import type { Slices } from '../../shared/slices.ts'
import { ANY_WRITE, EVERYTHING } from '../cache/epochs.ts'
import type { DeclaredDependencies, DeclaredReads } from '../options.ts'
import type { DeclaredTables } from './actions.ts'
import type { Catalog } from './catalog.ts'
import { sorted } from './combine-plans.ts'
import {
  customizationSchema,
  namedTable,
  type ObjectName,
  readEach,
  routedConfiguration,
  selectPermissionSchema,
  type sourceSchema,
  tableSchema,
} from './export-schema.ts'
import { EVERY_HEADER } from './forwarded-headers.ts'
import {
  type FunctionCall,
  type Source,
  type Table,
  type TableId,
  tableId,
} from './metadata-model.ts'
import type { NamingConvention, SourceNaming } from './naming.ts'
import { customRootFieldNames } from './naming.ts'
import { readNativeQueries } from './native-queries.ts'
import type { Tag } from './plan.ts'
import { declaredReads, relationReads, writtenTags } from './relation-tags.ts'
import { RootFieldIndex } from './root-fields.ts'
import type { RowKey } from './row-key.ts'
import { rowLimits } from './row-limits.ts'
import { readTableFields } from './table-fields.ts'
import { readTableKey } from './table-key.ts'
import { readTableTypes } from './table-types.ts'

/** Adds up the sources of an export. */
export class ModelBuilder implements DeclaredTables {
  readonly sources = new Map<string, Source>()
  readonly tables = new Map<TableId, Table>()
  readonly queryFields = new RootFieldIndex()
  readonly mutationFields = new RootFieldIndex()
  readonly cautions: string[] = []
  readonly #conventions: readonly NamingConvention[]
  readonly #declared: DeclaredDependencies

  constructor(conventions: readonly NamingConvention[], declared: DeclaredDependencies) {
    this.#conventions = conventions
    this.#declared = declared
  }

  *addSource(
    source: z.output<typeof sourceSchema>,
    catalog: Catalog | undefined,
  ): Slices<undefined> {
    const { name, kind } = source
    const known = this.#describeSource(source, catalog)
    this.sources.set(name, known)
    if (catalog === undefined) {
      this.cautions.push(
        `the catalog of source ${name} (${kind}) is not known: ${SHARED_WITH_NOBODY}, but for what metadata.views declares`,
      )
    }
    const customization = customizationSchema.safeParse(source.customization)
    if (!customization.success) {
      this.cautions.push(`the customization of source ${name} cannot be read`)
    }
    const callOf = this.#callsOf(known)
    const tables: (z.output<typeof tableSchema> & WithId)[] = []
    for (const table of source.tables ?? []) {
      tables.push(...this.#addTable(table, known, callOf))
      yield
    }
    const queriesRead = readNativeQueries(source, known, (rootField) =>
      this.#declaredReads(this.#declared.nativeQueries, known, rootField),
    )
    for (const { table } of queriesRead) this.tables.set(table.id, table)
    // Under names that cannot be told, a source has no root fields that could be known.
    if (!customization.success) return
    const naming = this.#namingOf(customization.data, known)
    const namespace = customization.data?.root_fields?.namespace ?? ''
    const queries = namespace === '' ? this.queryFields : new RootFieldIndex()
    const mutations = namespace === '' ? this.mutationFields : new RootFieldIndex()
    for (const table of tables) {
      queries.addTable(table, 'query', naming)
      mutations.addTable(table, 'mutation', naming)
      yield
    }
    queries.addFunctions(source, known, naming, { callOf, mutations })
    queries.addStoredProcedures(source, naming)
    for (const { rootField, table } of queriesRead) {
      const names = customRootFieldNames(rootField, naming)
      queries.add(names, { kind: 'select', table: table.id, shape: 'rows' })
    }
    if (namespace === '') return
    this.queryFields.add([namespace], { kind: 'namespace', fields: queries.fields })
    this.mutationFields.add([namespace], { kind: 'namespace', fields: mutations.fields })
  }

  /** Of tables that the configuration names. */
  readonly reads = (sourceName: string, relations: readonly string[]): readonly Tag[] => {
    const source = this.#declaredSource(sourceName)
    if (source === undefined) return [ANY_WRITE]
    return declaredReads(source, qualified(source, relations)).tags
  }

  /** Whatever is done to their rows. */
  readonly writes = (sourceName: string, relations: readonly string[]): readonly Tag[] => {
    const source = this.#declaredSource(sourceName)
    if (source === undefined) return [EVERYTHING]
    const tags = qualified(source, relations).flatMap((relation) =>
      (['insert', 'update', 'delete'] as const).flatMap((event) => [
        ...writtenTags(source, relation, event),
      ]),
    )
    return sorted(tags)
  }

  #declaredSource(name: string): Source | undefined {
    const source = this.sources.get(name)
    if (source === undefined) {
      this.cautions.push(`the configuration names tables of source ${name}, which is not known`)
    }
    return source
  }

  #describeSource(
    { name, kind, configuration, customization }: z.output<typeof sourceSchema>,
    catalog: Catalog | undefined,
  ): Source {
    const defaultSchema = kind === 'mssql' ? 'dbo' : 'public'
    const routed = routedConfiguration.safeParse(configuration)
    const asksHeaders = JSON.stringify(routed.data ?? '').includes('headers')
    const views = this.#declared.views.filter(({ source }) => source === name)
    const declared = views.map(
      ({ name: view, reads }) =>
        [
          qualifiedName({ defaultSchema }, view),
          reads.map((one) => qualifiedName({ defaultSchema }, one)),
        ] as const,
    )
    return {
      name,
      catalog,
      routing: routed.success
        ? { forwardedHeaders: asksHeaders ? EVERY_HEADER : undefined }
        : undefined,
      defaultSchema,
      typeNaming: typeNamingOf(customization),
      declaredViews: new Map(declared),
    }
  }

  /** One function may be called by many fields. */
  #callsOf(source: Source): (name: ObjectName, hasSessionArgument: boolean) => FunctionCall {
    return ({ schema, name }, hasSessionArgument) => {
      const relation = `${schema}.${name}`
      const known = source.catalog?.functions.get(relation)
      const declared = this.#declaredReads(this.#declared.functions, source, relation)
      return {
        name: `${source.name}:${relation}`,
        reads: declared?.tags ?? [ANY_WRITE],
        readsSession:
          hasSessionArgument || known?.asksSession !== false || declared?.readsSession === true,
        isVolatile: known?.isVolatile ?? false,
      }
    }
  }

  #declaredReads(
    declared: readonly DeclaredReads[],
    source: Source,
    name: string,
  ): ReturnType<typeof declaredReads> | undefined {
    if (declared.length === 0) return undefined
    const known = declared.find(
      (one) =>
        one.source === source.name &&
        (one.name === name || qualifiedName(source, one.name) === name),
    )
    return known && declaredReads(source, qualified(source, known.reads))
  }

  /** Its metadata, when it can be read well enough to tell its root fields. */
  #addTable(
    value: unknown,
    source: Source,
    callOf: (name: ObjectName, hasSessionArgument: boolean) => FunctionCall,
  ): readonly (z.output<typeof tableSchema> & WithId)[] {
    const named = namedTable.safeParse(value)
    if (!named.success) {
      this.cautions.push(`a table of source ${source.name} cannot be read`)
      return []
    }
    const name = named.data.table
    const id = tableId(source.name, name)
    const read = tableSchema.safeParse(value)
    const lists = read.success ? read.data : { table: name }
    const { fields, unreadableCount, unresolved } = readTableFields(lists, source, callOf)
    const permissions = readEach(
      selectPermissionSchema,
      read.success ? read.data.select_permissions : undefined,
    )
    const filters = permissions.items.map(
      ({ role, permission }) => [role, permission.filter] as const,
    )
    const selectFilters = new Map<string, unknown>(filters)
    const isAmbiguous = selectFilters.size < filters.length
    const unread = unreadableCount + permissions.unreadableCount
    const isOpaque = !read.success || unread > 0 || isAmbiguous
    const rowKey: RowKey | undefined = isOpaque ? undefined : readTableKey(read.data, source)
    this.tables.set(id, {
      id,
      source: source.name,
      name,
      fields,
      selectFilters,
      rowLimits: rowLimits(permissions.items),
      isOpaque,
      rowKey,
      types: isOpaque ? undefined : readTableTypes(read.data, source),
      query: undefined,
    })
    if (isOpaque) this.cautions.push(`something of table ${id} cannot be read`)
    // Without a catalog none is known, which was said of the source.
    if (source.catalog !== undefined) {
      for (const field of unresolved) {
        this.cautions.push(`where the relationship ${field} of table ${id} leads is not known`)
      }
      const { unknown } = relationReads(source, `${name.schema}.${name.name}`)
      if (unknown.length > 0) {
        const names = unknown.join(', ')
        this.cautions.push(
          `table ${id}: its catalog does not tell of ${names}: ${SHARED_WITH_NOBODY}`,
        )
      }
    }
    return read.success ? [{ ...read.data, id }] : []
  }

  #namingOf(
    customization: z.output<typeof customizationSchema>,
    { defaultSchema }: Source,
  ): SourceNaming {
    const convention = customization?.naming_convention ?? undefined
    return {
      conventions: convention === undefined ? this.#conventions : [convention],
      prefix: customization?.root_fields?.prefix ?? '',
      suffix: customization?.root_fields?.suffix ?? '',
      defaultSchema,
    }
  }
}

/** Without a convention in the metadata, an environment variable of Hasura's decides. */
function typeNamingOf(value: unknown): Source['typeNaming'] {
  const read = customizationSchema.safeParse(value)
  const types: unknown = read.data?.type_names
  if (!read.success || (types !== undefined && types !== null)) return 'customised'
  return read.data?.naming_convention === 'hasura-default' ? 'hasura-default' : 'unknown'
}

/** What follows where a catalog does not tell of row-level security, or of what a view asks. */
const SHARED_WITH_NOBODY =
  'its rows may depend on anything in the session, so answers with them are shared with nobody'

interface WithId {
  readonly id: TableId
}

function qualified(
  source: Pick<Source, 'defaultSchema'>,
  relations: readonly string[],
): readonly string[] {
  return relations.map((relation) => qualifiedName(source, relation))
}

function qualifiedName({ defaultSchema }: Pick<Source, 'defaultSchema'>, name: string): string {
  return name.includes('.') ? name : `${defaultSchema}.${name}`
}
