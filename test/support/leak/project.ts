import type { Random } from '../../../src/shared/random.ts'
import type { TestCatalog } from '../catalog-text.ts'
import { relationships } from '../plan-of.ts'
import { between, pick } from '../shop-values.ts'
import { type Filter, randomFilter } from './filter.ts'
import { Refused, type Use } from './use.ts'

export const ROLES = [
  'user',
  'manager',
  'editor',
  'both',
  'chief',
  'stranger',
  'anonymous',
] as const
export type Role = (typeof ROLES)[number] | 'admin'

const OWN_PERMISSIONS = ['user', 'manager', 'editor', 'anonymous'] as const
const PARENTS: Readonly<Record<string, readonly string[]>> = {
  both: ['user', 'manager'],
  chief: ['both', 'editor'],
}
const TABLES = 7
/** How many of them, from the first on, are plain or views. */
const ORDINARY = 5
/** Columns that a row is known by. */
export const KEYS = [1, 2, 3] as const

type Kind = 'plain' | 'view' | 'secured' | 'opaque'

interface Permission extends Filter {
  /** With a member that this version of the gateway does not know. */
  readonly isStrange: boolean
}

export interface ProjectTable {
  readonly name: string
  readonly kind: Kind
  /** In GraphQL. */
  readonly field: string
  /** Of a view: what it reads. */
  readonly bases: readonly string[]
  readonly permissions: Map<string, Permission>
  /** Where its object relationship `parent` leads, by a foreign key. */
  readonly parent: string
  /** Whose rows its computed field `related` returns. */
  readonly related: string
}

export interface ProjectFunction {
  readonly name: string
  readonly returns: string
  readonly readsSession: boolean
}

export interface Service {
  readonly name: string
  readonly forwardsHeaders: boolean
}

/** A Hasura project with random permissions, and what its answers show because of them. */
export class Project {
  readonly tables: ReadonlyMap<string, ProjectTable>
  readonly functions: readonly ProjectFunction[]
  readonly actions: readonly Service[]
  readonly remoteSchemas: readonly Service[]
  /** Without one, the database did not answer. */
  readonly hasCatalog: boolean
  resourceVersion = 1
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
    this.hasCatalog = random.next() < 0.9
    const names = Array.from({ length: TABLES }, (_, index) => `t${index}`)
    const plain = names.slice(0, 4)
    this.tables = new Map(names.map((name, index) => [name, this.#table(name, index, names)]))
    for (const table of this.tables.values()) {
      for (const role of OWN_PERMISSIONS) this.#permit(table, role)
    }
    this.functions = [0, 1, 2].map((index) => ({
      name: `find${index}`,
      returns: pick(random, plain),
      readsSession: random.next() < 0.4,
    }))
    const service = (name: string): Service => ({ name, forwardsHeaders: random.next() < 0.5 })
    this.actions = ['ask', 'tell'].map(service)
    this.remoteSchemas = random.next() < 0.6 ? [] : ['weather', 'stock'].map(service)
  }

  /** Another filter for some role, as an operator would change it. */
  changePermission(): void {
    const table = pick(this.#random, [...this.tables.values()])
    this.#permit(table, pick(this.#random, OWN_PERMISSIONS))
    this.resourceVersion += 1
  }

  tableNamed(name: string): ProjectTable {
    const table = this.tables.get(name)
    if (table === undefined) throw new Error(`there is no table ${name}`)
    return table
  }

  /** Those that show the whole session are few, or hardly anything would be shared. */
  someTable(): string {
    const names = [...this.tables.keys()]
    return pick(this.#random, this.#random.next() < 0.1 ? names : names.slice(0, ORDINARY))
  }

  /** What shows of a table when no filter hides its rows. */
  rowUses(name: string): readonly Use[] {
    const { kind, bases } = this.tableNamed(name)
    const rows = [name, ...bases].map((one) => `rows ${one}`)
    if (kind === 'opaque') return [...rows, 'session', 'any']
    // Without its catalog any table may have row-level security: here they all have.
    return kind === 'secured' || !this.hasCatalog ? [...rows, 'session'] : rows
  }

  /** What decides which of its rows the role sees; throws Refused when it sees none. */
  filterUses(name: string, role: string): readonly Use[] {
    if (role === 'admin') return []
    const permissions = this.#permissionsOf(name, role)
    if (permissions.length === 0) throw new Refused(`${role} may not select from ${name}`)
    return permissions.flatMap(({ uses, isStrange }) => {
      const used = uses.flatMap((use) =>
        use.startsWith('rows ') ? this.rowUses(use.slice(5)) : [use],
      )
      return isStrange ? [...used, 'session', 'any'] : used
    })
  }

  #permissionsOf(name: string, role: string): readonly Permission[] {
    const own = this.tableNamed(name).permissions.get(role)
    if (own !== undefined) return [own]
    return (PARENTS[role] ?? []).flatMap((parent) => this.#permissionsOf(name, parent))
  }

  exported(): object {
    const { tables, functions, actions, remoteSchemas } = this
    return {
      version: 3,
      sources: [
        {
          name: 'default',
          kind: 'postgres',
          tables: [...tables.values()].map((table) => this.#exportedTable(table)),
          functions: functions.map(({ name, readsSession }) => ({
            function: { schema: 'public', name },
            configuration: readsSession ? { session_argument: 'hasura_session' } : {},
          })),
        },
      ],
      actions: actions.map(({ name, forwardsHeaders }) => ({
        name,
        definition: {
          type: 'query',
          kind: 'synchronous',
          handler: 'http://127.0.0.1/',
          forward_client_headers: forwardsHeaders,
        },
      })),
      remote_schemas: remoteSchemas.map(({ name, forwardsHeaders }) => ({
        name,
        definition: {
          url: 'http://127.0.0.1/',
          forward_client_headers: forwardsHeaders,
          customization: { root_fields_namespace: name },
        },
      })),
      inherited_roles: Object.entries(PARENTS).map(([role_name, role_set]) => ({
        role_name,
        role_set,
      })),
    }
  }

  catalog(): TestCatalog {
    const all = [...this.tables.values()]
    const views = all.filter(({ kind }) => kind === 'view')
    const tables = all.filter(({ kind }) => kind !== 'view').map(({ name }) => name)
    return {
      tables,
      views: Object.fromEntries(views.map(({ name, bases }) => [name, bases])),
      rowSecurityOn: all.filter(({ kind }) => kind === 'secured').map(({ name }) => name),
      foreignKeys: all.map(({ name, parent }) => ({
        from: name,
        columns: ['parent_id'],
        to: parent,
      })),
      primaryKeys: Object.fromEntries(tables.map((name) => [name, { id: 'int4' }])),
      functions: {
        ...Object.fromEntries(this.functions.map(({ name, returns }) => [name, { returns }])),
        full_name: {},
        is_mine: {},
        ...Object.fromEntries(
          all.map(({ name, related }) => [`related_${name}`, { returns: related }]),
        ),
      },
    }
  }

  #table(name: string, index: number, names: readonly string[]): ProjectTable {
    const random = this.#random
    const others = names.slice(0, 4)
    const kinds: readonly Kind[] = ['plain', 'plain', 'plain', 'plain', 'view', 'secured', 'opaque']
    const kind = kinds[index] ?? 'plain'
    return {
      name,
      kind,
      field: random.next() < 0.3 ? `all_${name}` : name,
      bases: kind === 'view' ? [pick(random, others), pick(random, others)] : [],
      permissions: new Map(),
      parent: pick(random, others),
      related: pick(random, others),
    }
  }

  #permit({ name, permissions }: ProjectTable, role: string): void {
    const random = this.#random
    permissions.delete(role)
    permissions.delete('both')
    if (random.next() < 0.04) return
    const world = { someTable: () => this.someTable() }
    const isStrange = random.next() < 0.01
    permissions.set(role, { ...randomFilter(random, world), isStrange })
    // A role that inherits may have permissions of its own.
    if (between(random, 0, 9) === 0 && name !== 't0') {
      permissions.set('both', { ...randomFilter(random, world), isStrange: false })
    }
  }

  #exportedTable({ name, kind, field, permissions }: ProjectTable): object {
    const computed = (name: string, more: object = {}) => ({
      name: name.replace(/_t\d$/, ''),
      definition: { function: { schema: 'public', name }, ...more },
    })
    const targets = [...this.tables.keys()].map((target) => [`to_${target}`, target] as const)
    return {
      table: { schema: 'public', name },
      ...(field !== name && { configuration: { custom_name: field } }),
      ...(kind === 'opaque' && { masking: { columns: ['X-Hasura-B'] } }),
      object_relationships: [{ name: 'parent', using: { foreign_key_constraint_on: 'parent_id' } }],
      array_relationships: relationships(Object.fromEntries(targets)),
      computed_fields: [
        computed('full_name'),
        computed('is_mine', { session_argument: 'hasura_session' }),
        computed(`related_${name}`),
      ],
      remote_relationships: this.remoteSchemas.map(({ name: remote_schema }) => ({
        name: `far_${remote_schema}`,
        definition: {
          to_remote_schema: { remote_schema, lhs_fields: ['id'], remote_field: { at: {} } },
        },
      })),
      select_permissions: [...permissions].map(([role, { json, isStrange }]) => ({
        role,
        permission: {
          columns: '*',
          filter: json,
          ...(isStrange && { masked_by: 'X-Hasura-Org-Id' }),
        },
      })),
    }
  }
}
