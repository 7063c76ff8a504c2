import { z } from 'zod'
import { option, optionalOption, requiredOption } from './option.ts'
import {
  adminSecrets,
  jwtSecrets,
  oneAdminSecret,
  oneJwtSecret,
  oneSessionSecret,
  sessionSecrets,
} from './secret-types.ts'
import {
  boolean,
  byteSize,
  duration,
  hookUrl,
  httpUrl,
  integer,
  name,
  oneOf,
  port,
  rejectStatus,
  remoteStoreUrl,
  savePoints,
  storeUrl,
  subject,
  text,
  textList,
  urlPath,
} from './value-types.ts'

/** A variable that Hasura reads as a plain number of `unit`. */
const numberOf = (variable: string, unit: string) => ({
  name: variable,
  fromText: (value: string): unknown => (/^\d+$/.test(value) ? `${value}${unit}` : value),
})

const section = <Shape extends z.ZodRawShape>(doc: string, shape: Shape) =>
  z.strictObject(shape).describe(doc)

/** Only a file can hold rules: no variable and no flag sets them. */
const listOf = <Rule extends z.ZodType>(rule: Rule) => ({
  schema: z.array(rule).readonly(),
  expected: 'a list of rules',
  fromText: (value: string): unknown => value,
})

const server = section('Where clients connect.', {
  host: option(text, {
    default: '0.0.0.0',
    env: ['GERBANG_HOST'],
    flag: 'host',
    doc: 'Address to listen on.',
  }),
  port: option(port, {
    default: 8000,
    env: ['GERBANG_PORT'],
    flag: 'port',
    doc: 'TCP port to listen on; 0 picks a free one.',
  }),
  trusted_proxy_hops: option(integer({ min: 0, max: 16 }), {
    default: 0,
    doc: 'How many proxies in front of the gateway append to X-Forwarded-For. Limits per IP trust that many entries of it; 0 takes the address of the socket.',
  }),
  connections_max: option(integer({ min: 1, max: 1_000_000 }), {
    default: 10_000,
    doc: 'Connections open at once; further ones are closed.',
  }),
  keep_alive_timeout: option(duration({ min: '1s', max: '1h' }), {
    default: '75s',
    doc: 'How long an idle connection stays open. Longer than that of a load balancer in front, or it meets connections that just closed.',
  }),
  request_timeout: option(duration({ min: '1s', max: '1h' }), {
    default: '30s',
    doc: 'How long a client may take to send a whole request.',
  }),
  shutdown_grace: option(duration({ min: '0', max: '1h' }), {
    default: '10s',
    env: [numberOf('HASURA_GRAPHQL_GRACEFUL_SHUTDOWN_TIMEOUT', 's')],
    doc: 'How long requests under way may take once the gateway was told to stop.',
  }),
  fast_lane: option(boolean, {
    default: true,
    doc: 'Serve plain GraphQL requests on the socket itself, at half the cost. Off, Node.js’ HTTP server reads every request.',
  }),
})

const admin = section('The listener for statistics, metrics and health.', {
  host: option(text, {
    default: '127.0.0.1',
    env: ['GERBANG_ADMIN_HOST'],
    flag: 'admin-host',
    doc: 'Address to listen on. Other than loopback needs an admin secret.',
  }),
  port: option(port, {
    default: 8001,
    env: ['GERBANG_ADMIN_PORT'],
    flag: 'admin-port',
    doc: 'TCP port to listen on; 0 picks a free one.',
  }),
})

const upstream = section('The Hasura that answers what the cache does not.', {
  url: option(httpUrl, {
    default: 'http://localhost:8080',
    env: ['HASURA_GRAPHQL_ENDPOINT'],
    flag: 'endpoint',
    doc: 'Base URL of Hasura, without /v1/graphql.',
  }),
  admin_secret: optionalOption(text, {
    isSecret: true,
    doc: 'Hasura’s admin secret, to read its metadata. Unless given, the first of auth.admin_secrets.',
  }),
  connections: option(integer({ min: 1, max: 4_096 }), {
    default: 64,
    doc: 'Connections to Hasura, each with one request at a time: so many for GraphQL, and as many again for what is passed through unread.',
  }),
  queue_max: option(integer({ min: 0, max: 1_000_000 }), {
    default: 1_000,
    doc: 'Requests that wait for a free connection; further ones are refused with 503.',
  }),
  connect_timeout: option(duration({ min: '10ms', max: '10m' }), {
    default: '5s',
    doc: 'How long connecting may take.',
  }),
  headers_timeout: option(duration({ min: '10ms', max: '1h' }), {
    default: '60s',
    doc: 'From the request sent to the headers of the answer.',
  }),
  body_timeout: option(duration({ min: '10ms', max: '1h' }), {
    default: '60s',
    doc: 'Between two chunks of an answer.',
  }),
  response_size_max: option(byteSize({ min: '1kb', max: '1gb' }), {
    default: '64mb',
    doc: 'Larger answers to GraphQL requests are refused with 502.',
  }),
})

const auth = section('Who asks. The same rules and variables as Hasura’s own.', {
  admin_secrets: option(adminSecrets, {
    default: [],
    env: [
      'HASURA_GRAPHQL_ADMIN_SECRETS',
      { name: 'HASURA_GRAPHQL_ADMIN_SECRET', fromText: oneAdminSecret },
      { name: 'HASURA_GRAPHQL_ACCESS_KEY', fromText: oneAdminSecret },
    ],
    isSecret: true,
    doc: 'Any of them makes a request an admin’s. Empty as in a Hasura without secret: every request is an admin’s.',
  }),
  jwt_secrets: option(jwtSecrets, {
    default: [],
    env: [
      'HASURA_GRAPHQL_JWT_SECRETS',
      { name: 'HASURA_GRAPHQL_JWT_SECRET', fromText: oneJwtSecret },
    ],
    isSecret: true,
    doc: 'How tokens are verified: objects with the fields of HASURA_GRAPHQL_JWT_SECRET (type, key, jwk_url, claims_namespace, claims_map, audience, issuer, …).',
  }),
  jwt_checks: option(oneOf(['strict', 'as_hasura']), {
    default: 'strict',
    doc: 'strict: a key verifies the one algorithm of its type (of a JWKS without alg and type: RS256), typ is JWT or at+jwt if there is one, times are before the year 10000. as_hasura: any algorithm of the key’s family, any typ, any time.',
  }),
  jwt_require_exp: option(boolean, {
    default: false,
    doc: 'Refuse tokens without exp. For Hasura they never end.',
  }),
  jwks_refresh_min: option(duration({ min: '1s', max: '1h' }), {
    default: '10s',
    doc: 'At least so long between two looks at a jwk_url, whatever its Cache-Control says, and between two that tokens with an unknown kid cause.',
  }),
  upstream_identity: option(oneOf(['credentials', 'session']), {
    default: 'credentials',
    doc: 'How Hasura is told who asks with a token. credentials: by the token. session: by the admin secret with role and session variables, for a Hasura that cannot verify it, as the community edition with several JWT secrets.',
  }),
  hook_url: optionalOption(hookUrl, {
    env: ['HASURA_GRAPHQL_AUTH_HOOK'],
    isSecret: true,
    doc: 'A webhook that tells who asks, instead of tokens. Its answer goes to Hasura by the admin secret with role and session variables.',
  }),
  hook_mode: option(oneOf(['GET', 'POST']), {
    default: 'GET',
    env: ['HASURA_GRAPHQL_AUTH_HOOK_MODE'],
    doc: 'How the webhook is asked: with the client’s headers, or with a POST of them in JSON.',
  }),
  hook_send_request_body: option(boolean, {
    default: true,
    env: ['HASURA_GRAPHQL_AUTH_HOOK_SEND_REQUEST_BODY'],
    doc: 'Tell the webhook the GraphQL request as well, when it is asked with POST.',
  }),
  hook_timeout: option(duration({ min: '10ms', max: '2m' }), {
    default: '10s',
    doc: 'How long the webhook may take for its whole answer, a wait for a connection included.',
  }),
  hook_connections: option(integer({ min: 1, max: 4_096 }), {
    default: 64,
    doc: 'Connections to the webhook, each with one request at a time.',
  }),
  hook_queue_max: option(integer({ min: 0, max: 1_000_000 }), {
    default: 1_000,
    doc: 'Questions that wait for a connection to the webhook; further ones fail.',
  }),
  hook_max_age: option(duration({ min: '0', max: '1d' }), {
    default: '1h',
    doc: 'Answers of the webhook are remembered as long as their Cache-Control or Expires says, at most so long. 0 asks each time.',
  }),
  hook_unkeyed_headers: option(textList, {
    default: ['x-request-id', 'traceparent', 'tracestate', 'cf-ray'],
    doc: 'Headers that the webhook is sent and does not decide by. Of all others each value is another question.',
  }),
  unauthorized_role: optionalOption(text, {
    env: ['HASURA_GRAPHQL_UNAUTHORIZED_ROLE'],
    doc: 'Role of requests without a token or secret; unless given they are refused.',
  }),
  preserve_401_errors: option(boolean, {
    default: false,
    env: ['HASURA_GRAPHQL_PRESERVE_401_ERRORS'],
    doc: 'Answer 401 instead of 200 on /v1/graphql when a secret is wrong or missing.',
  }),
  tokens_max: option(integer({ min: 1, max: 10_000_000 }), {
    default: 10_000,
    doc: 'Verified tokens, and answers of the webhook, remembered until they expire.',
  }),
})

const bodySize = byteSize({ min: '1kb', max: '64mb' })
/** Node.js reads no more of a head than 16 KB. */
const urlLength = integer({ min: 256, max: 16_384 })
const tokens = integer({ min: 10, max: 1_000_000 })
const depth = integer({ min: 1, max: 500 })
const fieldCount = integer({ min: 1, max: 100_000 })
const batchSize = integer({ min: 1, max: 10_000 })
const variablesSize = byteSize({ min: '2', max: '64mb' })
const variablesDepth = integer({ min: 1, max: 1_000 })
/** A rule may allow none at all. */
const noneOr = integer({ min: 0, max: 100_000 })

const queryLimitRule = z.strictObject({
  roles: optionalOption(textList, {
    doc: 'Roles it applies to; all but admin when not given.',
  }),
  body_size_max: optionalOption(bodySize, { doc: 'As limits.body_size_max.' }),
  url_length_max: optionalOption(urlLength, { doc: 'As limits.url_length_max.' }),
  tokens_max: optionalOption(tokens, { doc: 'As limits.tokens_max.' }),
  depth_max: optionalOption(integer({ min: 0, max: 500 }), { doc: 'As limits.depth_max.' }),
  nodes_max: optionalOption(noneOr, { doc: 'As limits.nodes_max.' }),
  aliases_max: optionalOption(noneOr, { doc: 'As limits.aliases_max.' }),
  root_fields_max: optionalOption(fieldCount, { doc: 'As limits.root_fields_max.' }),
  directives_max: optionalOption(noneOr, { doc: 'As limits.directives_max.' }),
  batch_max: optionalOption(batchSize, { doc: 'As limits.batch_max.' }),
  variables_size_max: optionalOption(variablesSize, { doc: 'As limits.variables_size_max.' }),
  variables_depth_max: optionalOption(variablesDepth, { doc: 'As limits.variables_depth_max.' }),
  time_max: optionalOption(duration({ min: '10ms', max: '1h' }), {
    doc: 'How long Hasura may take for an operation; then it is asked to stop. Mutations and subscriptions over a WebSocket are not stopped.',
  }),
  introspection: optionalOption(boolean, {
    doc: 'Off: the schema may not be asked for, and errors suggest no names. As Hasura’s graphql_schema_introspection says unless given.',
  }),
})

const limits = section(
  'What one request may ask for at most. These are for everybody, admins too; limits.rules and Hasura’s api_limits for some roles.',
  {
    body_size_max: option(bodySize, { default: '1mb', doc: 'Size of a request body.' }),
    url_length_max: option(urlLength, {
      default: 8_192,
      doc: 'Characters of a URL, its query string included.',
    }),
    document_length_max: option(integer({ min: 1_000, max: 67_108_864 }), {
      default: 262_144,
      doc: 'Characters of a GraphQL document.',
    }),
    tokens_max: option(tokens, {
      default: 10_000,
      doc: 'Lexical tokens of a GraphQL document, and its lines.',
    }),
    depth_max: option(depth, {
      default: 50,
      doc: 'Nested fields with a selection set, counted as Hasura’s depth_limit.',
    }),
    nodes_max: option(fieldCount, {
      default: 1_000,
      doc: 'Fields with a selection set, counted as Hasura’s node_limit.',
    }),
    aliases_max: option(fieldCount, {
      default: 1_000,
      doc: 'Fields with an alias; those of a fragment count wherever it is used.',
    }),
    root_fields_max: option(fieldCount, {
      default: 500,
      doc: 'Root fields of an operation.',
    }),
    directives_max: option(fieldCount, {
      default: 1_000,
      doc: 'Directives; those of a fragment count wherever it is used.',
    }),
    batch_max: option(batchSize, {
      default: 100,
      doc: 'Operations in one body.',
    }),
    json_depth_max: option(integer({ min: 4, max: 1_000 }), {
      default: 100,
      doc: 'Nested lists and objects in a body.',
    }),
    variables_size_max: option(variablesSize, {
      default: '1mb',
      doc: 'Size of the variables of an operation, as JSON without white space.',
    }),
    variables_depth_max: option(variablesDepth, {
      default: 64,
      doc: 'Nested lists and objects in the variables.',
    }),
    rules: option(listOf(queryLimitRule), {
      default: [],
      doc: 'Less for some roles. Of each limit the first rule that names the role and gives it counts.',
    }),
    api_limits: option(boolean, {
      default: true,
      doc: 'Enforce the api_limits of Hasura’s metadata, which its Community Edition only stores: depth, nodes, batches and time, where no rule gives them. Admins are exempt, as in Hasura.',
    }),
    event_loop_delay_max: option(duration({ min: '0', max: '1m' }), {
      default: '500ms',
      doc: 'How late the event loop may be, on average, before what needs Hasura is refused with 503 and only hits are served; 0 never does.',
    }),
  },
)

/** An operator who types a day too much must not serve last month's answers. */
const whileRevalidating = duration({ min: '0', max: '1d' })
const ifError = duration({ min: '0', max: '7d' })

const cacheRule = z.strictObject({
  operations: optionalOption(textList, { doc: 'Names of operations.' }),
  root_fields: optionalOption(textList, { doc: 'Names of root fields, for example products.' }),
  tables: optionalOption(textList, {
    doc: 'Tables the answer is read from: schema.name, or name in the public schema.',
  }),
  roles: optionalOption(textList, { doc: 'Roles that ask.' }),
  ttl: requiredOption(duration({ min: '0', max: '365d' }), {
    doc: 'How long what matches is kept; 0 never caches it.',
  }),
  stale_while_revalidate: optionalOption(whileRevalidating, {
    doc: 'Instead of cache.stale_while_revalidate.',
  }),
  stale_if_error: optionalOption(ifError, { doc: 'Instead of cache.stale_if_error.' }),
})

const detail = oneOf(['full', 'hit-only', 'off'])

const cacheDetailRule = z.strictObject({
  roles: requiredOption(textList, { doc: 'Roles it applies to.' }),
  detail: requiredOption(detail, { doc: 'What clients of these roles are told.' }),
})

const cache = section('Which answers are kept, and how long.', {
  enabled: option(boolean, { default: true, doc: 'Off: every request is asked of Hasura.' }),
  ttl: option(duration({ min: '1s', max: '365d' }), {
    default: '60s',
    doc: 'For @cached without a ttl.',
  }),
  ttl_max: option(duration({ min: '1s', max: '365d' }), {
    default: '1h',
    env: [numberOf('HASURA_GRAPHQL_CACHE_MAX_ENTRY_TTL', 's')],
    doc: 'Longer ones, from @cached or a rule, are cut to this.',
  }),
  ttl_jitter: option(integer({ min: 0, max: 50 }), {
    default: 10,
    doc: 'By how many percent, at most, the TTL that a rule gives is shortened at random, so that answers kept together do not expire together. @cached is taken at its word.',
  }),
  early_refresh: option(boolean, {
    default: true,
    doc: 'Fetch an answer anew shortly before it expires, the more likely the longer Hasura takes for it and the more it is asked for, so that nobody waits.',
  }),
  stale_while_revalidate: option(whileRevalidating, {
    default: 0,
    doc: 'How long after its TTL an answer is still served while a newer one is fetched. Never once a table it was read from was written.',
  }),
  stale_if_error: option(ifError, {
    default: 0,
    doc: 'How long after its TTL an answer is still served when Hasura cannot be reached, takes too long or answers with a status from 500 on. Never once a table it was read from was written.',
  }),
  compression: option(boolean, {
    default: true,
    doc: 'Keep answers compressed too, with brotli or gzip, for clients that accept it. Each is compressed once, behind the requests.',
  }),
  compression_size_min: option(byteSize({ min: '0', max: '512mb' }), {
    default: '1kb',
    doc: 'Smaller answers are not compressed.',
  }),
  entry_size_max: option(byteSize({ min: '1kb', max: '512mb' }), {
    default: '1mb',
    env: [numberOf('HASURA_GRAPHQL_CACHE_MAX_ENTRY_SIZE', 'mb')],
    doc: 'Larger answers are passed on and not kept.',
  }),
  admission: option(boolean, {
    default: true,
    doc: 'While the memory of the store is short, keep only what is asked for repeatedly: everything kept then displaces something.',
  }),
  admission_memory: option(integer({ min: 1, max: 100 }), {
    default: 90,
    doc: 'From how many percent of the store’s maxmemory on its memory is short. A store without maxmemory never is.',
  }),
  admission_size: option(byteSize({ min: '1kb', max: '512mb' }), {
    default: '64kb',
    doc: 'Memory being short, an answer is kept at the second time it is asked for, and one time later for each further so many bytes, up to 15.',
  }),
  detail: option(detail, {
    default: 'full',
    doc: 'What answers tell of the cache: all of Cache-Status, Age and Hasura’s keys (full); whether it was a hit (hit-only); nothing, so that who keeps an answer asks each time whether it is still the same (off). Admins are told all.',
  }),
  detail_anonymous: option(detail, {
    default: 'hit-only',
    doc: 'The same for auth.unauthorized_role, if that is less: when others have asked is not for everybody.',
  }),
  detail_roles: option(listOf(cacheDetailRule), {
    default: [],
    doc: 'Instead, for some roles. The first that names a role decides.',
  }),
  rules: option(listOf(cacheRule), {
    default: [],
    doc: 'Caches queries without @cached. The first rule of which every given list names what the request has decides.',
  }),
  normalisation: option(oneOf(['text', 'schema']), {
    default: 'text',
    doc: 'Which queries share an answer: with `text` those that are the same but for how they are written; with `schema` also those that the types in Hasura make equal, such as a value in the query or in a variable. See src/gateway/graphql/DESIGN.md.',
  }),
  memo_entries_max: option(integer({ min: 1, max: 10_000_000 }), {
    default: 10_000,
    doc: 'Distinct request bodies, and distinct documents, of which the parsed form is remembered.',
  }),
  memo_body_size_max: option(byteSize({ min: '0', max: '64mb' }), {
    default: '32kb',
    doc: 'Larger bodies are parsed anew each time.',
  }),
  flights_max: option(integer({ min: 1, max: 1_000_000 }), {
    default: 10_000,
    doc: 'Answers that several requests can wait for together at once.',
  }),
  waiters_max: option(integer({ min: 0, max: 10_000_000 }), {
    default: 100_000,
    doc: 'Requests that wait for the answer to another’s request.',
  }),
  wait_timeout: option(duration({ min: '10ms', max: '10m' }), {
    default: '10s',
    doc: 'How long one waits for another’s answer before it asks Hasura itself.',
  }),
  fill_lock: option(oneOf(['auto', 'on', 'off']), {
    default: 'auto',
    doc: 'One of the gateways of a store fetches what several of them miss, the others wait for it. auto: when the store is a remote one.',
  }),
  fill_lock_timeout: option(duration({ min: '100ms', max: '10m' }), {
    default: '5s',
    doc: 'How long one gateway fetches for all, at most: one that died or is slow is then replaced by another. Nobody waits longer than twice as long.',
  }),
})

const storeFailure = oneOf(['open', 'closed', 'local'])

const rateLimitRule = z.strictObject({
  name: requiredOption(name, { doc: 'Its name in the RateLimit header and in metrics.' }),
  roles: optionalOption(textList, {
    doc: 'Roles it applies to; all but admin when not given.',
  }),
  operations: optionalOption(textList, {
    doc: 'Operations it applies to, by name; all when not given. Clients choose names freely.',
  }),
  root_fields: optionalOption(textList, {
    doc: 'Root fields that it counts, login for example; all when not given.',
  }),
  per: requiredOption(subject, {
    doc: 'What is counted together: the same user (x-hasura-user-id, else the session), role, address, operation, root field, session variable or header, or combination of them; everybody for an empty list. What is missing, or nobody vouches for, is replaced by the address.',
  }),
  unit: option(oneOf(['requests', 'operations', 'cost']), {
    default: 'requests',
    doc: 'What the limit is of: requests, of which every root field of every operation is one; whole operations; or points of cost.',
  }),
  algorithm: option(oneOf(['window', 'gcra', 'concurrency']), {
    default: 'window',
    doc: 'window: never more than the limit in any window. gcra: evenly at that rate, with a burst. concurrency: so many at once are asked of Hasura.',
  }),
  exact: option(boolean, {
    default: false,
    doc: 'Of window: exact to the millisecond, for limits up to 1000, at ten bytes for each request within the window.',
  }),
  limit: requiredOption(integer({ min: 1, max: 1_000_000_000 }), {
    doc: 'Units within one window; of concurrency, operations at once.',
  }),
  window: optionalOption(duration({ min: '1s', max: '1d' }), {
    doc: 'Length of the window. Needed but for concurrency.',
  }),
  slots: option(integer({ min: 32, max: 256 }), {
    default: 120,
    doc: 'How finely the window slides: what was used comes back up to one slot late. Each takes two bytes, four with a limit above 65535.',
  }),
  burst: optionalOption(integer({ min: 1, max: 1_000_000_000 }), {
    doc: 'Of gcra: units at once; as many as the limit when not given.',
  }),
  lease: option(duration({ min: '1s', max: '1d' }), {
    default: '2m',
    doc: 'Of concurrency: how long an operation holds its place at most, so that those of a gateway that died are free again.',
  }),
  hit_weight: optionalOption(integer({ min: 0, max: 100 }), {
    doc: 'What an answer from the cache costs, in percent; 10 of points, else 100, when not given.',
  }),
  shadow: option(boolean, {
    default: false,
    doc: 'Count, and refuse nothing: metrics tell what would have been refused.',
  }),
  on_store_failure: optionalOption(storeFailure, {
    doc: 'Instead of rate_limit.on_store_failure.',
  }),
})

const rootFieldCost = z.strictObject({
  names: requiredOption(textList, { doc: 'Root fields.' }),
  cost: requiredOption(integer({ min: 0, max: 1_000_000_000 }), {
    doc: 'Points of each, beside those of its objects.',
  }),
})

const points = integer({ min: 0, max: 1_000_000 })

const rateLimit = section('How often one may ask.', {
  enabled: option(boolean, { default: true, doc: 'Off: no rule applies.' }),
  on_store_failure: option(storeFailure, {
    default: 'open',
    doc: 'While the store fails: let requests pass (open), refuse them (closed), or count them in each gateway, with its share of the limit (local).',
  }),
  nodes: option(integer({ min: 1, max: 10_000 }), {
    default: 1,
    doc: 'How many gateways share the store: with local, each has this part of a limit.',
  }),
  store_timeout: option(duration({ min: '1ms', max: '1m' }), {
    default: '250ms',
    doc: 'How long a remote store may take to tell of limits before it counts as failing.',
  }),
  reject_status: option(rejectStatus, {
    default: 429,
    doc: 'Status of a refusal; 200 as Hasura EE sends it, for clients that drop the bodies of others.',
  }),
  metadata: option(oneOf(['requests', 'operations', 'off']), {
    default: 'requests',
    doc: 'Without rules here those of Hasura’s metadata apply, api_limits.rate_limit, which Hasura CE only stores. They count requests, as rules do, or whole operations, as Hasura EE does.',
  }),
  cost_object: option(points, {
    default: 1,
    doc: 'Points of each object that an answer may have, by limits and the row limits of roles.',
  }),
  cost_depth: option(points, {
    default: 0,
    doc: 'Points more of an object for each level that it lies below the root fields.',
  }),
  cost_aggregate: option(points, { default: 10, doc: 'Points more of each aggregate.' }),
  cost_rows: option(points, {
    default: 100,
    doc: 'Rows that a list is taken to have when nothing limits it.',
  }),
  cost_root_field: option(points, { default: 1, doc: 'Points of each root field.' }),
  cost_root_fields: option(listOf(rootFieldCost), {
    default: [],
    doc: 'Points of some root fields instead.',
  }),
  rules: option(listOf(rateLimitRule), {
    default: [],
    doc: 'Every rule that applies must let a request pass.',
  }),
})

const session = section('Cookies in exchange for tokens: POST /session.', {
  enabled: option(boolean, { default: true, doc: 'Off: /session does not exist.' }),
  cookie_name: option(name, {
    default: 'gerbang-session',
    doc: 'Name of the cookie; __Host- goes in front of it when the cookie is secure.',
  }),
  secure: option(boolean, {
    default: true,
    doc: 'Send the cookie over https only. Off is for http://localhost.',
  }),
  secrets: option(sessionSecrets, {
    default: [],
    env: [
      'GERBANG_SESSION_SECRETS',
      { name: 'GERBANG_SESSION_SECRET', fromText: oneSessionSecret },
    ],
    isSecret: true,
    doc: 'What sessions are encrypted with in the store: at least 32 characters of chance each. The first writes, all of them read: put a new one in front, and take the old one away once session.ttl has passed. Unless given, auth.admin_secrets.',
  }),
  ttl: option(duration({ min: '1m', max: '365d' }), {
    default: '12h',
    doc: 'Life of a session, used or not; never longer than that of its token.',
  }),
  idle_timeout: option(duration({ min: '1m', max: '365d' }), {
    default: '2h',
    doc: 'A session without requests ends after so long, and up to a minute more. An open WebSocket is no request.',
  }),
  id_ttl: optionalOption(duration({ min: '10s', max: '365d' }), {
    doc: 'How long the cookie is good before it has to be renewed with POST /session/refresh; as long as the session unless given.',
  }),
  per_user_max: option(integer({ min: 1, max: 10_000 }), {
    default: 50,
    doc: 'Sessions of one user at once; of more the oldest end.',
  }),
  same_site: option(oneOf(['strict', 'lax']), {
    default: 'lax',
    doc: 'The cookie’s SameSite attribute.',
  }),
  durability: option(oneOf(['memory', 'fsync', 'replicated']), {
    default: 'memory',
    doc: 'What a login, refresh, logout or revocation waits for before it is answered. memory: for nothing, so that a crash may lose it. fsync: for the disk; needs engine.persistence aof+rdb. replicated: for replicas of where sessions are.',
  }),
  durability_replicas: option(integer({ min: 1, max: 100 }), {
    default: 1,
    doc: 'Of replicated: how many replicas are to have it.',
  }),
  durability_timeout: option(duration({ min: '10ms', max: '1m' }), {
    default: '1s',
    doc: 'Of replicated: how long they may take; then the answer is 503 not-confirmed.',
  }),
})

const revocation = section('Tokens and sessions that are no longer good: POST /revoke.', {
  ttl: option(duration({ min: '1m', max: '3650d' }), {
    default: '30d',
    doc: 'How long it is remembered that a token, or those of a user or of everyone, were revoked. No token may live longer than that.',
  }),
})

const sourceOfTables = option(text, {
  default: 'default',
  doc: 'The source, as Hasura names it, that has the tables.',
})

const readsOf = (doc: string) =>
  z.strictObject({
    source: sourceOfTables,
    name: requiredOption(text, { doc }),
    reads: requiredOption(textList, {
      doc: 'All tables and views it reads: schema.name, or name in the public schema.',
    }),
  })

const actionRule = z.strictObject({
  name: requiredOption(text, { doc: 'The action.' }),
  source: sourceOfTables,
  reads: optionalOption(textList, {
    doc: 'All tables its answer is read from; any unless given. What else it reads, nothing tells.',
  }),
  writes: optionalOption(textList, { doc: 'All tables it writes; any unless given.' }),
})

const remoteSchemaRule = z.strictObject({
  name: requiredOption(text, { doc: 'The remote schema.' }),
  public: option(boolean, {
    default: false,
    doc: 'It answers everybody alike, whatever session and headers it is told: users share its answers.',
  }),
  root_fields: optionalOption(textList, {
    doc: 'Its fields of query. Needed unless it has a namespace, or a role has permissions for it.',
  }),
  source: sourceOfTables,
  reads: optionalOption(textList, {
    doc: 'All tables its answers are read from; any unless given.',
  }),
})

const persistedQueries = section('Automatic persisted queries, as Apollo’s clients send them.', {
  enabled: option(boolean, {
    default: false,
    env: ['HASURA_GRAPHQL_ENABLE_PERSISTED_QUERIES'],
    doc: 'Remember documents that clients register under their SHA-256. Off: they are told that it is not supported.',
  }),
  ttl: option(duration({ min: '1s', max: '30d' }), {
    default: '1d',
    env: [numberOf('HASURA_GRAPHQL_PERSISTED_QUERIES_TTL', 's')],
    doc: 'How long a registered document stays. Behind it, clients register it again by themselves.',
  }),
  document_size_max: option(byteSize({ min: '1kb', max: '1mb' }), {
    default: '16kb',
    doc: 'Larger documents are answered and not remembered.',
  }),
  documents_max: option(integer({ min: 1, max: 10_000_000 }), {
    default: 5_000,
    doc: 'Documents in the store at once; further ones are answered and not remembered.',
  }),
  registrations_max: option(integer({ min: 1, max: 1_000_000 }), {
    default: 500,
    doc: 'Documents that one user, or one address without a user, may register within registrations_window.',
  }),
  registrations_window: option(duration({ min: '1s', max: '30d' }), {
    default: '1h',
    doc: 'The window of registrations_max.',
  }),
})

const trustedDocuments = section('Documents that are known beforehand, asked for by documentId.', {
  mode: option(oneOf(['off', 'on', 'only']), {
    default: 'off',
    doc: 'on answers the documents of the manifest beside others; only refuses all others, but those of an admin.',
  }),
  manifest: optionalOption(text, {
    doc: 'File with the documents by id: a JSON map, as Relay’s compiler writes it, or Apollo’s persisted query manifest. Read at the start.',
  }),
})

const metadata = section(
  'What the gateway learns from Hasura’s metadata, and what Hasura cannot tell.',
  {
    poll_interval: option(duration({ min: '100ms', max: '1h' }), {
      default: '10s',
      doc: 'How often Hasura is asked whether its metadata changed.',
    }),
    functions: option(listOf(readsOf('The function: schema.name, or name in the public schema.')), {
      default: [],
      doc: 'What functions of the database read. Answers with any other are stale after every mutation.',
    }),
    views: option(
      listOf(readsOf('The view or table: schema.name, or name in the public schema.')),
      {
        default: [],
        doc: 'The same of views that call functions, materialised views and foreign tables; and of any table or view that the catalog of no Postgres tells of, such as those of other databases: a table reads itself. Of the latter, only what is declared is shared between users. It must not depend on the session, by row-level security for one.',
      },
    ),
    native_queries: option(listOf(readsOf('The root field of the native query.')), {
      default: [],
      doc: 'The same of native queries.',
    }),
    actions: option(listOf(actionRule), {
      default: [],
      doc: 'What actions read and write. Any other that is a mutation makes all answers stale.',
    }),
    remote_schemas: option(listOf(remoteSchemaRule), {
      default: [],
      doc: 'What is known of remote schemas.',
    }),
  },
)

const events = section(
  'Hasura’s event triggers, which tell of writes that go around the gateway.',
  {
    path: option(urlPath, {
      default: '/events',
      doc: 'Where Hasura sends them, on the clients’ port: POST /events/default for the source named default.',
    }),
    secret: optionalOption(text, {
      env: ['GERBANG_EVENTS_SECRET'],
      isSecret: true,
      doc: 'What the header X-Gerbang-Events-Secret must hold. Events are refused unless it is given.',
    }),
    body_size_max: option(byteSize({ min: '1kb', max: '64mb' }), {
      default: '1mb',
      doc: 'A larger event is refused, and makes everything stale: which table it tells of is not known.',
    }),
  },
)

const purge = section('What is remembered of entries kept and purged.', {
  entries_max: option(integer({ min: 0, max: 10_000_000 }), {
    default: 10_000,
    doc: 'Entries that this gateway remembers to have kept, so that a purge can tell how many it concerns. With more than that in the store, the count is not complete, and says so.',
  }),
  families_max: option(integer({ min: 1, max: 100_000 }), {
    default: 1_000,
    doc: 'Query families in GET /pro/cache/metrics; beyond it those with the fewest requests are left out.',
  }),
  audit_max: option(integer({ min: 0, max: 1_000_000 }), {
    default: 1_000,
    doc: 'Purges in GET /audit; older ones are in the log only.',
  }),
})

const store = section('Where entries, limits and sessions live.', {
  url: option(storeUrl, {
    default: 'embedded:',
    env: ['GERBANG_STORE_URL', 'HASURA_GRAPHQL_REDIS_URL'],
    flag: 'store-url',
    isSecret: true,
    doc: '"embedded:" keeps them in this process; redis:// or rediss:// shares them between gateways.',
  }),
  protected_url: optionalOption(remoteStoreUrl, {
    env: ['GERBANG_PROTECTED_STORE_URL'],
    isSecret: true,
    doc: 'With a remote store: another server for limits, sessions and revocations, which a full cache must not displace. It wants the maxmemory-policy noeviction. Unless given they are in store.url with the rest.',
  }),
  connect_timeout: option(duration({ min: '10ms', max: '10m' }), {
    default: '5s',
    doc: 'How long connecting to a remote store may take.',
  }),
  command_timeout: option(duration({ min: '1ms', max: '10m' }), {
    default: '1s',
    env: [numberOf('HASURA_GRAPHQL_REDIS_TIMEOUT', 's')],
    doc: 'How long a remote store may take to answer.',
  }),
  commands_max: option(integer({ min: 1, max: 10_000_000 }), {
    default: 10_000,
    doc: 'Commands that wait for a remote store; further ones fail.',
  }),
})

const engine = section('The embedded engine, where store.url is "embedded:".', {
  maxmemory: option(byteSize({ min: '0', max: '1024gb' }), {
    default: '256mb',
    env: ['GERBANG_MAXMEMORY'],
    flag: 'maxmemory',
    doc: 'Memory for keys and values; 0 is without limit.',
  }),
  maxmemory_policy: option(
    oneOf([
      'volatile-lru',
      'volatile-lfu',
      'volatile-random',
      'volatile-ttl',
      'allkeys-lru',
      'allkeys-lfu',
      'allkeys-random',
      'noeviction',
    ]),
    {
      default: 'volatile-lru',
      doc: 'Which keys go when the memory is full, as redis.conf names it.',
    },
  ),
  limits_maxmemory: option(byteSize({ min: '8mb', max: '1024gb' }), {
    default: '64mb',
    doc: 'Memory that limits have to themselves, about 400 bytes for each subject and rule. Nothing is evicted: when it is full, on_store_failure of the rules says what becomes of who is new.',
  }),
  sessions_maxmemory: option(byteSize({ min: '8mb', max: '1024gb' }), {
    default: '64mb',
    doc: 'Memory that sessions and revocations have to themselves, about 2 kb for each session. Nothing is evicted: from 95 percent on nobody can sign in.',
  }),
  persistence: option(oneOf(['none', 'rdb', 'aof+rdb']), {
    default: 'none',
    env: ['GERBANG_PERSISTENCE'],
    flag: 'persistence',
    doc: 'What is on disk, to start with again. none: nothing. rdb: a snapshot at save points and at the end. aof+rdb: a log of every write, too.',
  }),
  data_dir: optionalOption(text, {
    env: ['GERBANG_DATA_DIR'],
    flag: 'data-dir',
    doc: 'Directory for it, of this gateway alone and on this machine; created when it is not there. Needed unless persistence is none.',
  }),
  appendfsync: option(oneOf(['always', 'everysec', 'no']), {
    default: 'everysec',
    doc: 'When the log is flushed to the disk, as redis.conf names it. always: before anybody is answered; limits once a second all the same.',
  }),
  save: option(savePoints, {
    default: '3600 1 300 100 60 10000',
    doc: 'Save points as in redis.conf: a snapshot is taken after so many seconds with so many changes.',
  }),
  redis_host: option(text, {
    default: '127.0.0.1',
    doc: 'Address on which Redis clients are served. Other than loopback needs redis_password.',
  }),
  redis_port: optionalOption(port, {
    env: ['GERBANG_REDIS_PORT'],
    flag: 'redis-port',
    doc: 'TCP port on which Redis clients are served what the cache keeps, redis-cli for one; 0 picks a free one. Off unless given.',
  }),
  limits_redis_port: optionalOption(port, {
    env: ['GERBANG_LIMITS_REDIS_PORT'],
    doc: 'The same of the engine that keeps limits.',
  }),
  sessions_redis_port: optionalOption(port, {
    env: ['GERBANG_SESSIONS_REDIS_PORT'],
    doc: 'The same of the engine that keeps sessions and revocations.',
  }),
  redis_tls_cert: optionalOption(text, {
    env: ['GERBANG_REDIS_TLS_CERT'],
    doc: 'File with the certificate (PEM) for Redis clients: with it and redis_tls_key all the Redis ports speak TLS, and nothing else. Read at the start.',
  }),
  redis_tls_key: optionalOption(text, {
    env: ['GERBANG_REDIS_TLS_KEY'],
    doc: 'File with the key (PEM) of redis_tls_cert.',
  }),
  redis_password: optionalOption(text, {
    env: ['GERBANG_REDIS_PASSWORD'],
    isSecret: true,
    doc: 'What Redis clients must send with AUTH. Sent to a primary as well, unless its URL has another one.',
  }),
  replica_of: optionalOption(remoteStoreUrl, {
    env: ['GERBANG_REPLICA_OF'],
    flag: 'replica-of',
    isSecret: true,
    doc: 'Makes the engine of the cache a replica of another gateway’s, or of a Redis: redis[s]://[[user]:password@]host:port. Reads are answered here, writes are sent there. Needs redis_port. With rediss:// the certificate has to be one that Node.js trusts (NODE_EXTRA_CA_CERTS names more), for this host.',
  }),
  limits_replica_of: optionalOption(remoteStoreUrl, {
    env: ['GERBANG_LIMITS_REPLICA_OF'],
    isSecret: true,
    doc: 'The same of limits, which are counted by the primary then. Needs limits_redis_port.',
  }),
  sessions_replica_of: optionalOption(remoteStoreUrl, {
    env: ['GERBANG_SESSIONS_REPLICA_OF'],
    isSecret: true,
    doc: 'The same of sessions and revocations. Needs sessions_redis_port.',
  }),
  replica_when: option(oneOf(['always', 'primary-found']), {
    default: 'always',
    env: ['GERBANG_REPLICA_WHEN'],
    doc: '“always” begins as a replica. “primary-found” only if the one that is named, or whom that follows, says that it is a primary; otherwise as a primary: for the gateway that is to be it when all begin.',
  }),
  replica_lease: option(duration({ min: '100ms', max: '1m' }), {
    default: '1s',
    doc: 'How long a replica is used that hears nothing from its primary, and how long a write waits for one that does not answer. All gateways need the same.',
  }),
})

const log = section('What is written to standard error, one JSON object per line.', {
  level: option(oneOf(['debug', 'info', 'warn', 'error', 'silent']), {
    default: 'info',
    env: ['HASURA_GRAPHQL_LOG_LEVEL'],
    flag: 'log-level',
    doc: 'The least severe level that is written.',
  }),
})

/**
 * Every option of the product, once: its type, bounds, default, variables, flag and what it is for. The
 * loader, `config/gerbang.yaml`, its JSON Schema and docs/CONFIG.md are all made from this.
 */
export const configSchema = z.strictObject({
  server,
  admin,
  upstream,
  auth,
  limits,
  cache,
  rate_limit: rateLimit,
  session,
  revocation,
  persisted_queries: persistedQueries,
  trusted_documents: trustedDocuments,
  metadata,
  events,
  purge,
  store,
  engine,
  log,
})

export type Config = z.output<typeof configSchema>
