import { numberOf, option } from '../option.ts'
import { section } from '../section.ts'
import { boolean, duration, integer, port, text } from '../value-types.ts'

export const server = section('Where clients connect.', {
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
