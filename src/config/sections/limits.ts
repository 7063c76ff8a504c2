import { z } from 'zod'
import { option, optionalOption } from '../option.ts'
import { section } from '../section.ts'
import { boolean, byteSize, duration, integer, listOf, textList } from '../value-types.ts'

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

export const limits = section(
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
