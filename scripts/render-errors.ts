import * as replyTexts from '../src/engine/protocol/reply-errors.ts'
import { GATEWAY_ERRORS, GatewayError } from '../src/gateway/errors.ts'
import { errorAnswer } from '../src/gateway/http/graphql-response.ts'

/** docs/ERRORS.md */
export function renderErrorDocs(): string {
  return `${[
    '# Errors',
    '',
    'Made from the tables in `src/gateway/errors.ts` and `src/engine/protocol/reply-errors.ts` by `npm run docs`;',
    'edit those.',
    '',
    ...gatewayErrors(),
    '',
    ...engineErrors(),
  ].join('\n')}\n`
}

function gatewayErrors(): readonly string[] {
  return [
    '## Gateway',
    '',
    'What the gateway refuses by itself; all else is Hasura’s own answer. On `/v1/graphql` in the shape of GraphQL,',
    '`{"errors":[{"message":…,"extensions":{"path":…,"code":…}}]}`, elsewhere as `{"path":…,"error":…,"code":…}`.',
    'Hasura answers what is wrong with a request with 200 on `/v1/graphql`, and so does the gateway; failures of',
    'its own have the status that load balancers and clients look for. [Why](adr/0007-statuses-of-refusals.md)',
    '',
    '| code | on /v1/graphql | elsewhere | what it means |',
    '| --- | --- | --- | --- |',
    ...Object.entries(GATEWAY_ERRORS).map(([code, { status, meaning }]) => {
      return `| \`${code}\` | ${graphqlStatus(code)} | ${status} | ${meaning} |`
    }),
    '',
    'A client whose Accept prefers `application/graphql-response+json` gets on `/v1/graphql` the status of the column',
    '*elsewhere* too. [Why](adr/0012-media-types-and-statuses.md)',
    '',
    '`access-denied` is 401 on `/v1/graphql` with HASURA_GRAPHQL_PRESERVE_401_ERRORS, and 403 where a site that is',
    'not the session’s asks with its cookie.',
  ]
}

function graphqlStatus(code: string): number {
  if (!isGatewayErrorCode(code)) throw new Error(`no such code: ${code}`)
  return errorAnswer(new GatewayError(code, ''), {
    preserve401Errors: false,
    mediaType: 'json',
  }).status
}

function isGatewayErrorCode(code: string): code is keyof typeof GATEWAY_ERRORS {
  return Object.hasOwn(GATEWAY_ERRORS, code)
}

function engineErrors(): readonly string[] {
  const { replyErrors, ...composed } = replyTexts
  const texts = [
    ...Object.values(replyErrors),
    ...Object.values<(...args: never[]) => string>(composed).map(exampleOf),
  ]
  return [
    '## Engine',
    '',
    'In the words of redis-server 7.0. The first word is the code that clients of Redis look at.',
    '',
    ...texts.toSorted().map((text) => `- \`${text}\``),
  ]
}

/** A text that is put together, with the names of its parts in place of them: `<command>`. */
function exampleOf(compose: (...args: never[]) => string): string {
  const [, parameters = ''] = /\(([^)]*)\)/.exec(compose.toString()) ?? []
  const examples = parameters.split(',').map((parameter) => {
    const name = parameter.trim().split(/[\s:=]/)[0] ?? ''
    return name === 'args' ? ['<argument>'] : `<${name}>`
  })
  return String(Reflect.apply(compose, undefined, examples))
}
