import { numberOf, option, optionalOption } from '../option.ts'
import { section } from '../section.ts'
import { duration, integer, remoteStoreUrl, storeUrl } from '../value-types.ts'

export const store = section('Where entries, limits and sessions live.', {
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
