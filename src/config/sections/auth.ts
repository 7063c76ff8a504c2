import { option, optionalOption } from '../option.ts'
import { adminSecrets, jwtSecrets, oneAdminSecret, oneJwtSecret } from '../secret-types.ts'
import { section } from '../section.ts'
import { boolean, duration, hookUrl, integer, oneOf, text, textList } from '../value-types.ts'

export const auth = section('Who asks. The same rules and variables as Hasura’s own.', {
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
