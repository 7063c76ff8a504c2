import type { FieldAccess, Inspection } from '../app/index.ts'
import type { Config } from '../config/index.ts'
import { formatByteSize } from '../shared/byte-size.ts'
import { formatDuration } from '../shared/duration.ts'

/** What `gerbang check` prints: what the configuration does to the Hasura it was given. */
export function renderReport(config: Config, inspection: Inspection): string {
  return [
    ...world(config, inspection),
    ...cached(config),
    ...keyed(inspection),
    ...uncacheable(inspection),
    ...limited(config),
    ...sessions(config),
    ...cautions(inspection),
  ].join('\n')
}

function world(
  { upstream, store, engine, auth }: Config,
  { directory, version, health, description }: Inspection,
): readonly string[] {
  const answered =
    version === undefined ? 'does not answer' : `Hasura ${version}, /healthz: ${health}`
  const said = directory === undefined ? answered : 'not asked'
  const metadata =
    description === undefined
      ? 'not read'
      : `${directory ?? `version ${description.resourceVersion}`}, ${description.roles.length} roles`
  const kept =
    store.url === 'embedded:'
      ? `in this process, at most ${formatByteSize(engine.maxmemory)}, ${engine.maxmemory_policy}`
      : 'in a store of its own (store.url)'
  const ways = [
    ...(auth.admin_secrets.length > 0
      ? ['admin secret']
      : ['no secret: every request is an admin’s']),
    ...(auth.jwt_secrets.length > 0 ? ['JWT'] : []),
    ...(auth.unauthorized_role === undefined ? [] : [`else role ${auth.unauthorized_role}`]),
  ]
  return [
    `Upstream   ${upstream.url}: ${said}`,
    `Metadata   ${metadata}`,
    `Store      ${kept}`,
    `Who asks   ${ways.join(', ')}`,
  ]
}

function cached({ cache }: Config): readonly string[] {
  if (!cache.enabled) return ['', 'Cached: nothing, cache.enabled is false']
  const rules = cache.rules.map((rule, index) => {
    const { operations, root_fields: fields, tables, roles, ttl } = rule
    const terms = [
      list('operations', operations),
      list('root fields', fields),
      list('tables', tables),
      list('roles', roles ?? ['all but admin']),
    ]
    const kept = ttl === 0 ? 'never' : formatDuration(Math.min(ttl, cache.ttl_max))
    return `  ${index + 1}. ${terms.flat().join('; ')}: ${kept}`
  })
  return [
    '',
    `Cached: queries with @cached, ${formatDuration(cache.ttl)} unless it says otherwise, at most ${formatDuration(cache.ttl_max)}`,
    ...(rules.length === 0 ? [] : ['and what the first rule that matches names:', ...rules]),
  ]
}

function keyed({ access }: Inspection): readonly string[] {
  const rows = access
    .filter(
      ({ role, fields }) => role !== 'admin' || fields.some(({ ttlMs }) => ttlMs !== undefined),
    )
    .map(({ role, table, sessionVariables, reads, fields }) => [
      role,
      table,
      sessionVariables === 'all'
        ? 'the whole session'
        : sessionVariables.join(', ') || 'none: shared',
      reads.map(tableOfTag).join(', '),
      keptOf(fields),
    ])
  if (rows.length === 0) return []
  const head = [
    'role',
    'table',
    'session variables',
    'stale after writes to',
    'root fields, kept how long',
  ]
  return [
    '',
    'Keyed by the query, its variables, the role and these session variables:',
    ...alignColumns([head, ...rows]).map((line) => `  ${line}`),
  ]
}

function keptOf(fields: readonly FieldAccess[]): string {
  const ttls = [...new Set(fields.map(({ ttlMs }) => ttlMs))]
  const groups = ttls.map((ttl) => {
    const kept = ttl === undefined ? '@cached only' : ttl === 0 ? 'never' : formatDuration(ttl)
    const names = fields.filter(({ ttlMs }) => ttlMs === ttl).map(({ rootField }) => rootField)
    return `${names.join(', ')}: ${kept}`
  })
  return groups.join('; ')
}

function uncacheable({ description }: Inspection): readonly string[] {
  return [
    ...rootFields('Never cached:', description?.uncacheable ?? []),
    ...rootFields(
      'Cached only by @cached, or a rule that names the operation or its root fields:',
      description?.onRequestOnly ?? [],
    ),
  ]
}

function rootFields(
  title: string,
  fields: NonNullable<Inspection['description']>['uncacheable'],
): readonly string[] {
  if (fields.length === 0) return []
  return [
    '',
    title,
    ...alignColumns(fields.map(({ rootField, reason }) => [rootField, reason])).map(
      (line) => `  ${line}`,
    ),
  ]
}

function limited({ rate_limit: rate, limits, server }: Config): readonly string[] {
  const rules = rate.rules.map(({ name, roles, per, limit, window }) => {
    const whom = (roles ?? ['all but admin']).join(', ')
    return `  ${name}: ${limit} requests in any ${formatDuration(window)} per ${per}; roles ${whom}`
  })
  const failing = rate.on_store_failure === 'open' ? 'let requests pass' : 'refuse requests'
  return [
    '',
    rate.enabled && rules.length > 0
      ? `Limited (while the store fails, limits ${failing}):`
      : 'Limited: by no rate',
    ...(rate.enabled ? rules : []),
    `  one request: ${formatByteSize(limits.body_size_max)} body, ${limits.tokens_max} tokens, ` +
      `depth ${limits.depth_max}, ${limits.nodes_max} nodes, ${limits.batch_max} operations in a batch`,
    ...(server.trusted_proxy_hops === 0 && rate.rules.some(({ per }) => per === 'ip')
      ? ['  per ip counts the address of the socket: server.trusted_proxy_hops is 0']
      : []),
  ]
}

function sessions({ session }: Config): readonly string[] {
  if (!session.enabled) return ['', 'Sessions: none, session.enabled is false']
  const name = session.secure ? `__Host-${session.cookie_name}` : session.cookie_name
  return [
    '',
    `Sessions: POST /session gives the cookie ${name} for ${formatDuration(session.ttl)}, SameSite=${session.same_site}`,
  ]
}

function cautions({ description }: Inspection): readonly string[] {
  const told = description?.cautions ?? []
  return told.length === 0 ? [] : ['', 'With caution:', ...told.map((caution) => `  ${caution}`)]
}

function list(title: string, names: readonly string[] | undefined): readonly string[] {
  return names === undefined ? [] : [`${title} ${names.join(', ')}`]
}

/** `table:default:public.orders` as the reader knows it. */
function tableOfTag(tag: string): string {
  if (tag === 'any-write') return 'any table'
  return tag.replace(/^table:default:/, '').replace(/^table:/, '')
}

function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_cell, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
