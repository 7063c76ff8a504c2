import { z } from 'zod'
import { option, optionalOption, requiredOption } from '../option.ts'
import { section } from '../section.ts'
import {
  boolean,
  duration,
  integer,
  listOf,
  name,
  oneOf,
  rejectStatus,
  subject,
  textList,
} from '../value-types.ts'

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

export const rateLimit = section('How often one may ask.', {
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
