import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { Kind, parse as parseGraphql } from 'graphql'
import { parse as parseYaml } from 'yaml'

/** What the Hasura CLI keeps in `metadata/` cannot be read as such. */
export class MetadataDirectoryError extends Error {
  override readonly name = 'MetadataDirectoryError'
}

/**
 * What the Hasura CLI keeps in `metadata/`, in either layout, as version 3 of the metadata. Nothing of it is
 * judged. Throws MetadataDirectoryError for a directory that is none, and for files that cannot be read.
 */
export function readMetadataDirectory(directory: string): Readonly<Record<string, unknown>> {
  const files = new DirectoryFiles(directory)
  const sections = Object.entries(SECTIONS).map(([key, file]) => [key, files.read(file)])
  const actions = files.read('actions.yaml')
  const metadata = {
    ...Object.fromEntries(sections),
    actions: withTypes(member(actions, 'actions'), files.readText('actions.graphql')),
    custom_types: member(actions, 'custom_types'),
    sources: readSources(files),
  }
  // Hasura leaves what is empty out of its export.
  const told = Object.entries(metadata).filter(([, content]) => !isEmpty(content))
  return { version: 3, sources: [], ...Object.fromEntries(told) }
}

/** The files beside `databases/`, by their keys in the metadata. */
const SECTIONS = {
  allowlist: 'allow_list.yaml',
  api_limits: 'api_limits.yaml',
  backend_configs: 'backend_configs.yaml',
  cron_triggers: 'cron_triggers.yaml',
  graphql_schema_introspection: 'graphql_schema_introspection.yaml',
  inherited_roles: 'inherited_roles.yaml',
  metrics_config: 'metrics_config.yaml',
  network: 'network.yaml',
  opentelemetry: 'opentelemetry.yaml',
  query_collections: 'query_collections.yaml',
  remote_schemas: 'remote_schemas.yaml',
  rest_endpoints: 'rest_endpoints.yaml',
} as const

function readSources(files: DirectoryFiles): unknown {
  const sources = files.read(join('databases', 'databases.yaml'))
  if (Array.isArray(sources)) return sources
  if (sources !== undefined && !isEmpty(sources)) {
    throw new MetadataDirectoryError('databases/databases.yaml is no list of sources')
  }
  // The layout of version 2 knows one source.
  const tables = files.read('tables.yaml')
  if (tables === undefined) {
    throw new MetadataDirectoryError(
      `${files.root} holds neither databases/databases.yaml nor tables.yaml`,
    )
  }
  const functions = files.read('functions.yaml')
  return [{ name: 'default', kind: 'postgres', tables, ...(functions ? { functions } : {}) }]
}

/** Whether an action is a query or a mutation is written in actions.graphql alone. */
function withTypes(actions: unknown, sdl: string | undefined): unknown {
  if (!Array.isArray(actions) || sdl === undefined) return actions
  const queries = queryFieldsIn(sdl)
  return actions.map((action: unknown) => {
    const name = member(action, 'name')
    const definition = member(action, 'definition')
    if (typeof name !== 'string' || member(definition, 'type') !== undefined) return action
    const type = queries.has(name) ? 'query' : 'mutation'
    return { ...Object(action), definition: { ...Object(definition), type } }
  })
}

function queryFieldsIn(sdl: string): ReadonlySet<string> {
  // Where there are no actions, the CLI writes an empty file, which is no document.
  if (sdl.replaceAll(/#.*/g, '').trim() === '') return new Set()
  try {
    const { definitions } = parseGraphql(sdl, { noLocation: true })
    const fields = definitions.flatMap((one) => {
      const isType =
        one.kind === Kind.OBJECT_TYPE_DEFINITION || one.kind === Kind.OBJECT_TYPE_EXTENSION
      return isType && one.name.value === 'Query' ? (one.fields ?? []) : []
    })
    return new Set(fields.map(({ name }) => name.value))
  } catch (cause) {
    throw new MetadataDirectoryError(`actions.graphql cannot be read: ${messageOf(cause)}`, {
      cause,
    })
  }
}

const INCLUDE = '!include '
/** The CLI nests three deep; more is a circle. */
const DEPTH_MAX = 16
/** Some write the tag without the quotes that the CLI puts around it. */
const INCLUDE_TAG = { tag: '!include', resolve: (path: string): string => INCLUDE + path }

class DirectoryFiles {
  readonly root: string

  constructor(directory: string) {
    this.root = resolve(directory)
  }

  /** `undefined` when there is no such file. */
  read(path: string): unknown {
    const file = join(this.root, path)
    return existsSync(file) ? this.#readFile(file, 0) : undefined
  }

  readText(path: string): string | undefined {
    const file = join(this.root, path)
    return existsSync(file) ? this.#textOf(file) : undefined
  }

  #readFile(file: string, depth: number): unknown {
    const name = relative(this.root, file)
    if (name.startsWith('..')) throw new MetadataDirectoryError(`${file} is outside ${this.root}`)
    if (depth > DEPTH_MAX) throw new MetadataDirectoryError(`${name} includes itself`)
    const text = this.#textOf(file)
    if (!/\.ya?ml$/.test(name)) return text
    let content: unknown
    try {
      content = parseYaml(text, { customTags: [INCLUDE_TAG], logLevel: 'error' })
    } catch (cause) {
      throw new MetadataDirectoryError(`${name} is no YAML: ${messageOf(cause)}`, { cause })
    }
    return this.#include(content, dirname(file), depth)
  }

  #textOf(file: string): string {
    try {
      return readFileSync(file, 'utf8')
    } catch (cause) {
      const name = relative(this.root, file)
      throw new MetadataDirectoryError(`${name} cannot be read: ${messageOf(cause)}`, { cause })
    }
  }

  /** `"!include path"` is a plain string for YAML; the path is relative to the file it stands in. */
  #include(value: unknown, directory: string, depth: number): unknown {
    if (typeof value === 'string' && value.startsWith(INCLUDE)) {
      return this.#readFile(join(directory, value.slice(INCLUDE.length).trim()), depth + 1)
    }
    if (Array.isArray(value)) return value.map((item) => this.#include(item, directory, depth))
    if (typeof value !== 'object' || value === null) return value
    const members = Object.entries(value).map(([key, item]) => [
      key,
      this.#include(item, directory, depth),
    ])
    return Object.fromEntries(members)
  }
}

function member(value: unknown, key: string): unknown {
  const found = Object.entries(value ?? {}).find(([name]) => name === key)
  return found?.[1]
}

/** Holds nothing, at any depth: the CLI writes lists and mappings of nothing. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return typeof value === 'object' && Object.values(value).every(isEmpty)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
