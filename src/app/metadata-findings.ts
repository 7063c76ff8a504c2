import type { Config, Finding } from '../config/index.ts'
import type { UpstreamDescription } from '../gateway/index.ts'
import { nearestName } from '../shared/nearest-name.ts'

/** Names in the configuration that Hasura's metadata does not know: rules that would never match. */
export function metadataFindings(
  config: Config,
  { roles, uncacheable, onRequestOnly }: UpstreamDescription,
): readonly Finding[] {
  const tables = roles.flatMap((role) => role.tables)
  const known = {
    roles: new Set(['admin', ...roles.map(({ role }) => role)]),
    tables: new Set(tables.map(({ table }) => table)),
    rootFields: new Set([
      ...tables.flatMap(({ rootFields }) => rootFields),
      ...uncacheable.map(({ rootField }) => rootField),
      ...onRequestOnly.map(({ rootField }) => rootField),
    ]),
  }
  const cacheFindings = config.cache.rules.flatMap((rule, index) => {
    const at = (key: string): Path => ['cache', 'rules', index, key]
    return [
      ...unknownNames(at('roles'), rule.roles, known.roles, 'role'),
      ...unknownNames(at('tables'), rule.tables?.map(withSchema), known.tables, 'table'),
      ...unknownNames(at('root_fields'), rule.root_fields, known.rootFields, 'root field'),
      ...(rule.ttl === 0 ? [] : neverCached(at('root_fields'), rule.root_fields, uncacheable)),
    ]
  })
  const limitFindings = config.rate_limit.rules.flatMap((rule, index) => {
    const at = (key: string): Path => ['rate_limit', 'rules', index, key]
    return unknownNames(at('roles'), rule.roles, known.roles, 'role')
  })
  return [...cacheFindings, ...limitFindings]
}

type Path = readonly (string | number)[]

function unknownNames(
  path: Path,
  names: readonly string[] | undefined,
  known: ReadonlySet<string>,
  kind: string,
): readonly Finding[] {
  return (names ?? []).flatMap((name, index) => {
    if (known.has(name)) return []
    const meant = nearestName(name, known)
    const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
    return [{ path: [...path, index], message: `Hasura knows no ${kind} "${name}"${hint}` }]
  })
}

function neverCached(
  path: Path,
  names: readonly string[] | undefined,
  uncacheable: UpstreamDescription['uncacheable'],
): readonly Finding[] {
  return (names ?? []).flatMap((name, index) => {
    const field = uncacheable.find(({ rootField }) => rootField === name)
    if (field === undefined) return []
    return [{ path: [...path, index], message: `"${name}" is never cached: ${field.reason}` }]
  })
}

/** As the configuration may leave it out. */
function withSchema(table: string): string {
  return table.includes('.') ? table : `public.${table}`
}
