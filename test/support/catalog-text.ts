/** What of a database matters to a test. Names without a schema are in `public`. */
export interface TestCatalog {
  readonly tables?: readonly string[]
  /** What each view reads. */
  readonly views?: Readonly<Record<string, readonly string[]>>
  readonly foreignTables?: readonly string[]
  readonly triggersOn?: readonly string[]
  readonly rowSecurityOn?: readonly string[]
  readonly viewsWithFunctions?: readonly string[]
  readonly partitions?: readonly (readonly [child: string, parent: string])[]
  readonly foreignKeys?: readonly TestForeignKey[]
  /** Of each table the columns of its key, with their types. */
  readonly primaryKeys?: Readonly<Record<string, Readonly<Record<string, string | null>>>>
  /** Of each relation the columns of a plain type, by that type. */
  readonly columns?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  readonly functions?: Readonly<Record<string, TestFunction>>
  /** Of views, the functions they call; `null` for one that the catalog does not tell of. */
  readonly calls?: readonly (readonly [view: string, called: string | null])[]
  /** Functions behind operators and casts. */
  readonly implicit?: readonly string[]
  /** Functions of extensions that may ask. */
  readonly opaque?: readonly string[]
}

export interface TestFunction {
  readonly returns?: string
  readonly isVolatile?: boolean
  readonly asksSession?: boolean
  /** Functions and relations, as the catalog query refers to them. */
  readonly mentions?: readonly string[]
}

export interface TestForeignKey {
  readonly from: string
  readonly columns: readonly string[]
  readonly to: string
  readonly onDelete?: 'a' | 'r' | 'c' | 'n' | 'd'
  readonly onUpdate?: 'a' | 'r' | 'c' | 'n' | 'd'
}

/** The text that the gateway's catalog query would select from such a database. */
export function catalogText(catalog: TestCatalog): string {
  const { views = {}, triggersOn = [], rowSecurityOn = [], viewsWithFunctions = [] } = catalog
  const relation = (kind: string) => (name: string) => ({
    name: qualified(name),
    kind,
    readsSession: rowSecurityOn.includes(name),
    callsFunctions: viewsWithFunctions.includes(name),
    hasTriggers: triggersOn.includes(name),
  })
  return JSON.stringify({
    relations: [
      ...(catalog.tables ?? []).map(relation('r')),
      ...Object.keys(views).map(relation('v')),
      ...(catalog.foreignTables ?? []).map(relation('f')),
    ],
    views: Object.entries(views).flatMap(([view, reads]) =>
      reads.map((read) => [qualified(view), qualified(read)]),
    ),
    inheritance: (catalog.partitions ?? []).map((pair) => pair.map(qualified)),
    foreignKeys: (catalog.foreignKeys ?? []).map((key) => ({
      from: qualified(key.from),
      columns: key.columns,
      to: qualified(key.to),
      onDelete: key.onDelete ?? 'a',
      onUpdate: key.onUpdate ?? 'a',
    })),
    primaryKeys: Object.entries(catalog.primaryKeys ?? {}).map(([name, columns]) => ({
      relation: qualified(name),
      columns: Object.entries(columns).map(([column, type]) => ({ name: column, type })),
    })),
    columns: Object.entries(catalog.columns ?? {}).flatMap(([name, types]) =>
      Object.entries(types).map(([type, names]) => ({ relation: qualified(name), type, names })),
    ),
    functions: Object.entries(catalog.functions ?? {}).map(([name, one]) => ({
      name: qualified(name),
      volatility: one.isVolatile === true ? 'v' : 's',
      returns: one.returns === undefined ? null : qualified(one.returns),
      asksSession: one.asksSession === true || one.isVolatile === true,
      mentions: one.mentions ?? [],
    })),
    calls: (catalog.calls ?? []).map(([view, called]) => [
      qualified(view),
      called === null ? null : qualified(called),
    ]),
    implicit: (catalog.implicit ?? []).map(qualified),
    opaque: catalog.opaque ?? [],
  })
}

function qualified(name: string): string {
  return name.includes('.') ? name : `public.${name}`
}
