import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { DemoMetadata } from './metadata.ts'

const INCLUDE = '!include '

/** The files of the CLI's directory form beside `databases/`, and their keys in the metadata. */
const SECTIONS = {
  actions: 'actions.yaml',
  allowlist: 'allow_list.yaml',
  api_limits: 'api_limits.yaml',
  cron_triggers: 'cron_triggers.yaml',
  inherited_roles: 'inherited_roles.yaml',
  network: 'network.yaml',
  query_collections: 'query_collections.yaml',
  remote_schemas: 'remote_schemas.yaml',
  rest_endpoints: 'rest_endpoints.yaml',
} as const

/** Reads what the Hasura CLI keeps in `metadata/` (config version 3). */
export function readMetadataDirectory(directory: string): DemoMetadata {
  const sections = Object.entries(SECTIONS).map(([key, file]) => {
    const content = readOptional(join(directory, file))
    return [key, key === 'actions' ? member(content, 'actions') : content]
  })
  return new DemoMetadata({
    version: member(readYaml(join(directory, 'version.yaml')), 'version'),
    sources: readYaml(join(directory, 'databases', 'databases.yaml')),
    // Hasura leaves what is empty out of its export.
    ...Object.fromEntries(sections.filter(([, content]) => !isEmpty(content))),
  })
}

function readOptional(file: string): unknown {
  return existsSync(file) ? readYaml(file) : undefined
}

function readYaml(file: string): unknown {
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

function member(value: unknown, key: string): unknown {
  const found = Object.entries(value ?? {}).find(([name]) => name === key)
  return found?.[1]
}

function isEmpty(value: unknown): boolean {
  return Object.keys(value ?? {}).length === 0
}
