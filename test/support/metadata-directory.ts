import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'

const INCLUDE = '!include '

/** What the Hasura CLI keeps in `metadata/`, of either layout, as `export_metadata` would answer it. */
export function readMetadataExport(directory: string): object {
  const sections = ['inherited_roles', 'remote_schemas'].map((section) => [
    section,
    readYaml(join(directory, `${section}.yaml`)) ?? [],
  ])
  const actions = readYaml(join(directory, 'actions.yaml'))
  const metadata = {
    version: 3,
    sources: readSources(directory),
    ...Object.fromEntries(sections),
    ...(typeof actions === 'object' ? actions : {}),
  }
  return { resource_version: 1, metadata }
}

function readSources(directory: string): unknown {
  const databases = join(directory, 'databases', 'databases.yaml')
  if (existsSync(databases)) return readYaml(databases)
  // The layout of version 2 knows one source.
  const tables = readYaml(join(directory, 'tables.yaml'))
  const functions = readYaml(join(directory, 'functions.yaml'))
  return [{ name: 'default', kind: 'postgres', tables, functions }]
}

function readYaml(file: string): unknown {
  if (!existsSync(file)) return undefined
  const content: unknown = parse(readFileSync(file, 'utf8'))
  return include(content, dirname(file))
}

/** `"!include path"` is a plain string for YAML; the path is relative to the file it stands in. */
function include(value: unknown, directory: string): unknown {
  if (typeof value === 'string' && value.startsWith(INCLUDE)) {
    return readYaml(join(directory, value.slice(INCLUDE.length)))
  }
  if (Array.isArray(value)) return value.map((item) => include(item, directory))
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([key, item]) => [key, include(item, directory)])
  return Object.fromEntries(members)
}
