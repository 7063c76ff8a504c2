import { numberOf, option } from '../option.ts'
import { section } from '../section.ts'
import { boolean, byteSize, duration, integer } from '../value-types.ts'

export const persistedQueries = section(
  'Automatic persisted queries, as Apollo’s clients send them.',
  {
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
  },
)
