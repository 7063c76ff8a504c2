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
    ...limited(config, inspection),
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
    ...(auth.hook_url === undefined ? [] : ['webhook']),
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

function limited(
  { rate_limit: rate, limits, server }: Config,
  { description }: Inspection,
): readonly string[] {
  const rules = rate.enabled ? rate.rules : []
  const isByMetadata = rate.enabled && rules.length === 0 && rate.metadata !== 'off'
  const needsAddress = rules.some(({ per }) => per.some(({ kind }) => kind === 'ip'))
  return [
    '',
    ...limitedBy(rate),
    ...rules.map(limitingRule),
    ...(isByMetadata ? (description?.rateLimits ?? []).map(hasurasLimit) : []),
    `  one request: ${formatByteSize(limits.body_size_max)} body, ${limits.tokens_max} tokens, ` +
      `depth ${limits.depth_max}, ${limits.nodes_max} nodes, ${limits.batch_max} operations in a batch`,
    ...(server.trusted_proxy_hops === 0 && needsAddress
      ? ['  per ip counts the address of the socket: server.trusted_proxy_hops is 0']
      : []),
  ]
}

function limitedBy({ enabled, rules, metadata, on_store_failure: failure }: Config['rate_limit']) {
  if (!enabled || (rules.length === 0 && metadata === 'off')) return ['Limited: by no rate']
  const failing = `while the store fails, limits ${ON_STORE_FAILURE[failure]}`
  if (rules.length > 0) return [`Limited (${failing}):`]
  return [`Limited: by the rate limits in Hasura’s metadata, if it has any (${failing})`]
}

const ON_STORE_FAILURE = {
  open: 'let requests pass',
  closed: 'refuse requests',
  local: 'are kept by each gateway for itself',
} as const

function hasurasLimit({
  role,
  requestsPerMinute,
  per,
}: NonNullable<Inspection['description']>['rateLimits'][number]): string {
  const whom = role ?? 'all other roles but admin'
  return `  ${whom}: ${requestsPerMinute} in any minute per ${per.join(' and ')}`
}

function limitingRule(rule: Config['rate_limit']['rules'][number]): string {
  const { name, roles, operations, root_fields: rootFields, per, shadow } = rule
  const whom = [
    `roles ${(roles ?? ['all but admin']).join(', ')}`,
    ...(operations === undefined ? [] : [`operations ${operations.join(', ')}`]),
    ...(rootFields === undefined ? [] : [`root fields ${rootFields.join(', ')}`]),
  ]
  const subject = per.map((part) => {
    if (part.kind === 'header') return `header ${part.name}`
    return part.kind === 'variable' ? part.name : part.kind.replace('_', ' ')
  })
  const counted = subject.length === 0 ? 'for everybody together' : `per ${subject.join(' and ')}`
  const hidden = shadow ? '; in shadow, refusing nothing' : ''
  return `  ${name}: ${amount(rule)} ${counted}; ${whom.join('; ')}${hidden}`
}

function amount(rule: Config['rate_limit']['rules'][number]): string {
  const { algorithm, unit, limit, window, burst = limit } = rule
  if (algorithm === 'concurrency') return `${limit} operations at once`
  const units = unit === 'cost' ? 'points' : unit
  const length = formatDuration(window ?? 0)
  if (algorithm === 'gcra') return `${limit} ${units} each ${length}, evenly, ${burst} at once,`
  return `${limit} ${units} in any ${length}`
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
