import { z } from 'zod'
import { numberOf, option, optionalOption, requiredOption } from '../option.ts'
import { section } from '../section.ts'
import { boolean, byteSize, duration, integer, listOf, oneOf, textList } from '../value-types.ts'

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

export const cache = section('Which answers are kept, and how long.', {
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
