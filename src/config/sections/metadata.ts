import { z } from 'zod'
import { option, optionalOption, requiredOption } from '../option.ts'
import { section } from '../section.ts'
import { boolean, duration, listOf, text, textList } from '../value-types.ts'

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

export const metadata = section(
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
