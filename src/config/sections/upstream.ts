import { option, optionalOption } from '../option.ts'
import { section } from '../section.ts'
import { byteSize, duration, httpUrl, integer, text } from '../value-types.ts'

export const upstream = section('The Hasura that answers what the cache does not.', {
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
