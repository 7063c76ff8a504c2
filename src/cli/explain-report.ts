import type { Explanation, RefusedRequest, RequestExplanation } from '../app/index.ts'
import { formatDuration } from '../shared/duration.ts'

/** What `gerbang explain` prints. */
export function renderExplanation(explanation: Explanation): string {
  if (!('batch' in explanation)) return renderOne(explanation)
  const { batch } = explanation
  const of = `of ${batch.length}`
  return batch
    .map((one, index) => `Request     ${index + 1} ${of}\n${renderOne(one)}`)
    .join('\n\n\n')
}

function renderOne(explanation: RequestExplanation | RefusedRequest): string {
  if ('error' in explanation) {
    return toText(['Refused', `${explanation.code}, ${explanation.path}: ${explanation.error}`])
  }
  return [
    ...asked(explanation),
    ...planned(explanation),
    ...kept(explanation),
    ...judged(explanation),
  ].join('\n')
}

type Line = readonly [label: string, text: string, because?: readonly string[]]

function asked({ operation, identity, limits }: RequestExplanation): readonly string[] {
  const { document, variables, depth, nodes } = operation
  const user = identity.userId === undefined ? '' : `, user ${identity.userId}`
  const lines: Line[] = [
    ['Document', document],
    ['Variables', variables],
    ['Size', `depth ${depth.is} of ${depth.max}, nodes ${nodes.is} of ${nodes.max}`],
    ['Who asks', `role ${identity.role}${user}, by ${WAYS[identity.kind]}`],
    ...limits.map((limit): Line => ['Limit', limitText(limit)]),
  ]
  if (limits.length === 0) lines.push(['Limit', 'none'])
  return lines.map(toText)
}

function limitText(explained: RequestExplanation['limits'][number]): string {
  const { name, algorithm, unit, limit, windowMs, subject, cost, isShadow } = explained
  const hidden = isShadow ? ', in shadow' : ''
  if (algorithm === 'concurrency') {
    return `${name}: ${limit} operations at once, counted for ${subject}${hidden}`
  }
  const units = unit === 'cost' ? 'points' : unit
  const within = `${algorithm === 'gcra' ? 'each' : 'in any'} ${formatDuration(windowMs)}`
  const asked = cost === 1 ? '' : `, this one ${cost}`
  return `${name}: ${limit} ${units} ${within}${asked}, counted for ${subject}${hidden}`
}

const WAYS: Readonly<Record<RequestExplanation['identity']['kind'], string>> = {
  admin: 'an admin’s word',
  jwt: 'a token',
  session: 'a session cookie',
  hook: 'the webhook',
  unauthorized: 'nothing: the unauthorized role',
}

function planned({ plan }: RequestExplanation): readonly string[] {
  const { tables, sessionVariables, headers, forwardedHeaders, reads, writes } = plan
  const lines: Line[] = [
    ['Plans by', plan.isByMetadata ? 'Hasura’s metadata' : 'caution: the metadata is not known'],
    ['Tables', tables.join(', ') || 'none that are known'],
    ['Key has', 'the document, the variables, the role, the metadata'],
    ...sessionVariables.map(
      ({ name, value, because }): Line => [
        'Key has',
        value === undefined
          ? `${name}, which the session lacks`
          : `${name} = ${JSON.stringify(value)}`,
        because,
      ],
    ),
    ...forwardedHeaders.map(
      ({ value, because }): Line => [
        'Key has',
        `the client’s headers, ${value}: ${headers.join(', ')}`,
        because,
      ],
    ),
    ...reads.map(({ value, because }): Line => ['Depends on', value, because]),
    ...writes.map(({ value, because }): Line => ['Writes', value, because]),
  ]
  return ['', ...lines.map(toText)]
}

function kept({ ttl, keys, plan }: RequestExplanation): readonly string[] {
  const lines: Line[] = []
  if (ttl !== undefined) {
    const { ttlMs, jitter, staleWhileRevalidateMs, staleIfErrorMs } = ttl
    lines.push(['Kept for', `${formatDuration(ttlMs)}, ${sourceOf(ttl)}`])
    if (jitter > 0) lines.push(['', `up to ${Math.round(jitter * 100)} % less, at random`])
    if (staleWhileRevalidateMs > 0) {
      lines.push(['', `then ${formatDuration(staleWhileRevalidateMs)} while it is fetched anew`])
    }
    if (staleIfErrorMs > 0) {
      lines.push(['', `then ${formatDuration(staleIfErrorMs)} if Hasura fails`])
    }
  }
  for (const { value, because } of [...plan.uncacheable, ...plan.onRequestOnly]) {
    lines.push([plan.uncacheable.length > 0 ? 'Not kept' : 'On request', value, because])
  }
  if (keys !== undefined) lines.push(['Key', keys.cacheKey], ['Family', keys.familyKey])
  return lines.length === 0 ? [] : ['', ...lines.map(toText)]
}

function sourceOf({
  source,
  ruleNumber,
  isCapped,
}: NonNullable<RequestExplanation['ttl']>): string {
  const words = {
    rule: `by rule ${ruleNumber} of cache.rules`,
    directive: 'as @cached asks',
    default: 'as @cached asks, by cache.ttl',
  }
  return words[source] + (isCapped ? ', cut to cache.ttl_max' : '')
}

function judged({ verdict }: RequestExplanation): readonly string[] {
  const { result, reason, because, tags, entry, lastDiscard } = verdict
  const lines: Line[] = [['Now', `${result} (${reason}): ${because}`]]
  if (tags.length > 0) lines.push(['', tags.join(', ')])
  if (entry !== undefined) {
    const age = formatDuration(Math.round(entry.ageMs / 1_000) * 1_000)
    const rest = `expires ${entry.expiresAt}, ${entry.bodyBytes} bytes, fetched in ${entry.fetchMs} ms`
    lines.push(['Entry', `kept ${entry.storedAt}, ${age} ago; ${rest}`])
  }
  if (lastDiscard !== undefined) {
    lines.push(['Last fetch', `not kept (${lastDiscard.reason}): ${lastDiscard.because}`])
  }
  return ['', ...lines.map(toText)]
}

const LABEL_WIDTH = 12

function toText([label, text, because = []]: Line): string {
  const reasons = because.map((reason) => `\n${' '.repeat(LABEL_WIDTH + 2)}by ${reason}`)
  return `${label.padEnd(LABEL_WIDTH)}${text}${reasons.join('')}`.trimEnd()
}
