import { type GatewayOptions, parseJwtSecret } from '../../src/gateway/index.ts'
import { ADMIN_SECRET } from './gateway-options.ts'
import {
  ecKeyPair,
  ecToken,
  ed25519KeyPair,
  ed25519Token,
  hmacToken,
  rsaKeyPair,
  rsaToken,
} from './tokens.ts'

/** Whom Hasura takes the sender for: `x-hasura-role` and the other variables of the session. */
export type Session = Readonly<Record<string, string>>

/** A refusal of Hasura's: its code and internal status, and the message where it is known. */
export interface Refusal {
  readonly code: string
  readonly status: number
  readonly message?: string
}

export interface AuthCase {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  readonly is: Session | Refusal
}

export interface AuthGroup {
  readonly name: string
  readonly auth: Partial<GatewayOptions['auth']>
  /** The JSON of HASURA_GRAPHQL_JWT_SECRET, where the demo's Hasura can judge as well. */
  readonly demoJwtSecret?: string
  readonly cases: readonly AuthCase[]
}

/** The instant of every case, in seconds. */
export const NOW = 1_700_000_000
const KEY = 'a key of at least thirty-two bytes, for tests'
const OTHER_KEY = 'another key of more than thirty-two bytes'
const LONG_KEY = 'a key of sixty-four bytes and more, '.repeat(2)
const NAMESPACE = 'https://hasura.io/jwt/claims'
const SECRET = { 'x-hasura-admin-secret': ADMIN_SECRET }

// What Hasura refuses with: the table of errors in its own words.
const MISSING_SECRET = denied(
  401,
  '"x-hasura-admin-secret"/"x-hasura-access-key" required, but not found',
)
const WRONG_SECRET = denied(401, 'invalid "x-hasura-admin-secret"/"x-hasura-access-key"')
const MISSING_TOKEN = refused(
  'invalid-headers',
  "Missing 'Authorization' or 'Cookie' header in JWT authentication mode",
)
const MALFORMED = refused('invalid-headers', 'Malformed Authorization header')
const SEVERAL = refused('invalid-headers', 'Could not verify JWT: Multiple JWTs found')
const EXPIRED = invalid('JWTExpired')
const FORGED = invalid('JWSError JWSInvalidSignature')
const NOT_IN_AUDIENCE = invalid('JWTNotInAudience')
const NOT_IN_ISSUER = invalid('JWTNotInIssuer')
const UNREADABLE: Refusal = { code: 'invalid-jwt', status: 400 }
const BAD_CLAIMS: Refusal = { code: 'jwt-invalid-claims', status: 400 }
const NO_OBJECT = claimsRefused('expecting a json object when claims_format is json')
const NO_ALLOWED = missingRole('x-hasura-allowed-roles')
const NO_DEFAULT = missingRole('x-hasura-default-role')
const NOT_ALLOWED = denied(400, 'Your requested role is not in allowed roles')

const HASURA = {
  'x-hasura-allowed-roles': ['user', 'editor'],
  'x-hasura-default-role': 'user',
  'x-hasura-user-id': '7',
}
const USER: Session = { 'x-hasura-role': 'user', 'x-hasura-user-id': '7' }
const EDITOR: Session = { ...USER, 'x-hasura-role': 'editor' }
const ADMIN: Session = { 'x-hasura-role': 'admin' }
const ANONYMOUS: Session = { 'x-hasura-role': 'anonymous' }

function refused(code: string, message: string): Refusal {
  return { code, status: 400, message }
}

function denied(status: number, message: string): Refusal {
  return { code: 'access-denied', status, message }
}

function invalid(reason: string): Refusal {
  return refused('invalid-jwt', `Could not verify JWT: ${reason}`)
}

function claimsRefused(message: string): Refusal {
  return refused('jwt-invalid-claims', message)
}

function missingRole(name: string): Refusal {
  return refused('jwt-missing-role-claims', `JWT claim does not contain "${name}"`)
}

function noList(found: string): Refusal {
  const hint = 'invalid "x-hasura-allowed-roles"; should be a list of roles'
  return claimsRefused(`${hint}: parsing [] failed, expected Array, but encountered ${found}`)
}

type Row = readonly [name: string, headers: Readonly<Record<string, string>>, is: Session | Refusal]

function casesOf(rows: readonly Row[]): readonly AuthCase[] {
  return rows.map(([name, headers, is]) => ({ name, headers, is }))
}

function bearing(token: string, headers: Readonly<Record<string, string>> = {}) {
  return { authorization: `Bearer ${token}`, ...headers }
}

/** A token of this key with these claims beside those of Hasura. */
function tokenWith(claims: object, key = KEY): string {
  return hmacToken(key, { [NAMESPACE]: HASURA, ...claims })
}

/** A token whose claims of Hasura are these, and no others. */
function tokenOf(hasura: unknown): string {
  return hmacToken(KEY, { [NAMESPACE]: hasura })
}

/** Hasura's claims but one. */
function without(name: keyof typeof HASURA): object {
  return Object.fromEntries(Object.entries(HASURA).filter(([other]) => other !== name))
}

/** Options of a gateway with such a secret, or several. */
function jwt(...secrets: readonly object[]): Partial<GatewayOptions['auth']> {
  return { jwtSecrets: secrets.map((secret) => parseJwtSecret(secret)) }
}

const HS256 = { type: 'HS256', key: KEY }

const NONE: AuthGroup = {
  name: 'no secret',
  auth: { adminSecrets: [], jwtSecrets: [] },
  cases: casesOf([
    ['nothing is an admin', {}, ADMIN],
    ['a role is believed', { 'x-hasura-role': 'user' }, { 'x-hasura-role': 'user' }],
    ['an empty role is none', { 'x-hasura-role': '' }, ADMIN],
    ['variables are believed', { 'x-hasura-user-id': '5' }, { ...ADMIN, 'x-hasura-user-id': '5' }],
    ['a role and variables are', { 'X-Hasura-Role': 'user', 'X-Hasura-User-Id': '7' }, USER],
    ['a secret is no variable', { 'x-hasura-admin-secret': 'whatever' }, ADMIN],
    ['an access key is no variable', { 'x-hasura-access-key': 'whatever' }, ADMIN],
    ['a token says nothing', bearing(tokenWith({})), ADMIN],
    [
      'an unclear boolean is refused',
      { 'x-hasura-use-backend-only-permissions': 'maybe' },
      { code: 'bad-request', status: 400 },
    ],
  ]),
}

const SECRET_ONLY: AuthGroup = {
  name: 'an admin secret',
  auth: { jwtSecrets: [] },
  cases: casesOf([
    ['nothing is refused', {}, MISSING_SECRET],
    ['a role alone is refused', { 'x-hasura-role': 'user' }, MISSING_SECRET],
    ['a token alone is refused', bearing(tokenWith({})), MISSING_SECRET],
    ['a wrong secret is refused', { 'x-hasura-admin-secret': 'wrong' }, WRONG_SECRET],
    ['an empty secret is a wrong one', { 'x-hasura-admin-secret': '' }, WRONG_SECRET],
    ['half a secret is', { 'x-hasura-admin-secret': ADMIN_SECRET.slice(0, -1) }, WRONG_SECRET],
    ['a longer secret is', { 'x-hasura-admin-secret': `${ADMIN_SECRET}x` }, WRONG_SECRET],
    [
      'a secret in capitals is',
      { 'x-hasura-admin-secret': ADMIN_SECRET.toUpperCase() },
      WRONG_SECRET,
    ],
    ['a wrong access key is refused', { 'x-hasura-access-key': 'wrong' }, WRONG_SECRET],
    [
      'a wrong secret beside the right access key is',
      { 'x-hasura-admin-secret': 'wrong', 'x-hasura-access-key': ADMIN_SECRET },
      WRONG_SECRET,
    ],
    ['the secret is an admin', SECRET, ADMIN],
    ['the name of a header has no case', { 'X-HASURA-ADMIN-SECRET': ADMIN_SECRET }, ADMIN],
    ['the secret as access key is', { 'x-hasura-access-key': ADMIN_SECRET }, ADMIN],
    [
      'beside the secret no access key counts',
      { ...SECRET, 'x-hasura-access-key': 'wrong' },
      ADMIN,
    ],
    [
      'an admin may be anybody',
      { ...SECRET, 'x-hasura-role': 'user' },
      { 'x-hasura-role': 'user' },
    ],
    ['with any variable', { ...SECRET, 'x-hasura-role': 'user', 'x-hasura-user-id': '7' }, USER],
    ['an empty role is an admin', { ...SECRET, 'x-hasura-role': '' }, ADMIN],
  ]),
}

const SECRETS: AuthGroup = {
  name: 'several admin secrets',
  auth: { jwtSecrets: [], adminSecrets: [ADMIN_SECRET, 'the second'] },
  cases: casesOf([
    ['the first is one', SECRET, ADMIN],
    ['the second is one', { 'x-hasura-admin-secret': 'the second' }, ADMIN],
    ['a third is none', { 'x-hasura-admin-secret': 'the third' }, WRONG_SECRET],
    [
      'both together are none',
      { 'x-hasura-admin-secret': `${ADMIN_SECRET}the second` },
      WRONG_SECRET,
    ],
  ]),
}

const UNAUTHORIZED: AuthGroup = {
  name: 'an admin secret and an unauthorized role',
  auth: { jwtSecrets: [], unauthorizedRole: 'anonymous' },
  cases: casesOf([
    ['nothing has the role', {}, ANONYMOUS],
    ['another role is not for the asking', { 'x-hasura-role': 'admin' }, ANONYMOUS],
    [
      'variables are, as in Hasura',
      { 'x-hasura-user-id': '7' },
      { ...ANONYMOUS, 'x-hasura-user-id': '7' },
    ],
    ['a token says nothing', bearing(tokenWith({})), ANONYMOUS],
    ['the secret is an admin', SECRET, ADMIN],
    ['a wrong secret is refused', { 'x-hasura-admin-secret': 'wrong' }, WRONG_SECRET],
    ['an empty secret is refused', { 'x-hasura-admin-secret': '' }, WRONG_SECRET],
  ]),
}

const TOKENS: AuthGroup = {
  name: 'tokens of one key',
  auth: jwt(HS256),
  demoJwtSecret: JSON.stringify(HS256),
  cases: casesOf([
    ['a token has its default role', bearing(tokenWith({})), USER],
    [
      'an allowed role for the asking',
      bearing(tokenWith({}), { 'x-hasura-role': 'editor' }),
      EDITOR,
    ],
    ['its default role as well', bearing(tokenWith({}), { 'x-hasura-role': 'user' }), USER],
    ['an empty role is none', bearing(tokenWith({}), { 'x-hasura-role': '' }), USER],
    [
      'a variable of the client is not believed',
      bearing(tokenWith({}), { 'x-hasura-user-id': '8' }),
      USER,
    ],
    ['nor one that the token has not', bearing(tokenWith({}), { 'x-hasura-org-id': '1' }), USER],
    [
      'names of claims have no case',
      bearing(
        tokenOf({
          'X-Hasura-Allowed-Roles': ['user'],
          'X-HASURA-DEFAULT-ROLE': 'user',
          'X-Hasura-User-Id': '7',
        }),
      ),
      USER,
    ],
    ['other claims beside Hasura’s do not count', bearing(tokenOf({ ...HASURA, name: 5 })), USER],
    [
      'a claimed role is not the role',
      bearing(tokenOf({ ...HASURA, 'x-hasura-role': 'admin' })),
      USER,
    ],
    [
      'an empty variable is one',
      bearing(tokenOf({ ...HASURA, 'x-hasura-a': '' })),
      { ...USER, 'x-hasura-a': '' },
    ],
    [
      'a list is written as Postgres has it',
      bearing(tokenOf({ ...HASURA, 'x-hasura-ids': '{1,2}' })),
      { ...USER, 'x-hasura-ids': '{1,2}' },
    ],
    [
      'the role admin may be allowed',
      bearing(tokenOf({ 'x-hasura-allowed-roles': ['admin'], 'x-hasura-default-role': 'admin' })),
      ADMIN,
    ],
    [
      'a default role that is not allowed is only refused when it is taken',
      bearing(tokenOf({ ...HASURA, 'x-hasura-default-role': 'guest' }), {
        'x-hasura-role': 'user',
      }),
      USER,
    ],
    ['an end in the future is far enough', bearing(tokenWith({ exp: NOW + 1 })), USER],
    ['a beginning now is early enough', bearing(tokenWith({ nbf: NOW, iat: NOW })), USER],
    ['fractions of seconds count', bearing(tokenWith({ exp: NOW + 0.5 })), USER],
    ['an audience that nobody asks for passes', bearing(tokenWith({ aud: 'someone' })), USER],
    ['an issuer that nobody asks for passes', bearing(tokenWith({ iss: 'someone' })), USER],
    ['the secret beside a bad token is an admin', bearing('bad', SECRET), ADMIN],
    ['and beside a good one', bearing(tokenWith({}), SECRET), ADMIN],
    ['nothing is refused', {}, MISSING_TOKEN],
    ['a role alone is refused', { 'x-hasura-role': 'user' }, MISSING_TOKEN],
    ['a cookie alone is refused', { cookie: `token=${tokenWith({})}` }, MISSING_TOKEN],
    ['Basic is refused', { authorization: 'Basic dXNlcjp3b3Jk' }, MALFORMED],
    ['bearer is refused', { authorization: `bearer ${tokenWith({})}` }, MALFORMED],
    ['BEARER is refused', { authorization: `BEARER ${tokenWith({})}` }, MALFORMED],
    ['Bearer without a token is', { authorization: 'Bearer' }, MALFORMED],
    ['a token without Bearer is', { authorization: tokenWith({}) }, MALFORMED],
    ['two tokens are', { authorization: `Bearer ${tokenWith({})} ${tokenWith({})}` }, MALFORMED],
    [
      'a wrong secret beside a good token is refused',
      bearing(tokenWith({}), { 'x-hasura-admin-secret': 'wrong' }),
      WRONG_SECRET,
    ],
    [
      'an empty secret beside a good token is',
      bearing(tokenWith({}), { 'x-hasura-admin-secret': '' }),
      WRONG_SECRET,
    ],
    ['a token of another key is forged', bearing(tokenWith({}, OTHER_KEY)), FORGED],
    [
      'a token that was changed is forged',
      bearing(swapClaims(tokenWith({}), tokenWith({ sub: '8' }))),
      FORGED,
    ],
    ['what is no token is refused', bearing('token'), UNREADABLE],
    ['two thirds of one are', bearing(tokenWith({}).split('.').slice(0, 2).join('.')), UNREADABLE],
    ['its end is past', bearing(tokenWith({ exp: NOW - 1 })), EXPIRED],
    ['its end is now', bearing(tokenWith({ exp: NOW })), EXPIRED],
    ['it begins later', bearing(tokenWith({ nbf: NOW + 1 })), invalid('JWTNotYetValid')],
    ['it was issued later', bearing(tokenWith({ iat: NOW + 1 })), invalid('JWTIssuedAtFuture')],
    ['its end is a text', bearing(tokenWith({ exp: `${NOW + 60}` })), UNREADABLE],
    ['its audience is a number', bearing(tokenWith({ aud: 5 })), UNREADABLE],
    ['its claims are a list', bearing(hmacToken(KEY, [])), UNREADABLE],
    [
      'it has no claims of Hasura',
      bearing(hmacToken(KEY, {})),
      claimsRefused(`claims key: '${NAMESPACE}' not found`),
    ],
    ['they are a text', bearing(tokenOf(JSON.stringify(HASURA))), NO_OBJECT],
    ['they are a list', bearing(tokenOf([HASURA])), NO_OBJECT],
    ['they are null', bearing(tokenOf(null)), NO_OBJECT],
    ['no allowed roles', bearing(tokenOf(without('x-hasura-allowed-roles'))), NO_ALLOWED],
    ['no default role', bearing(tokenOf(without('x-hasura-default-role'))), NO_DEFAULT],
    ['neither', bearing(tokenOf({})), NO_ALLOWED],
    [
      'allowed roles are a text',
      bearing(tokenOf({ ...HASURA, 'x-hasura-allowed-roles': 'user' })),
      noList('String'),
    ],
    [
      'allowed roles are an object',
      bearing(tokenOf({ ...HASURA, 'x-hasura-allowed-roles': {} })),
      noList('Object'),
    ],
    [
      'allowed roles are null',
      bearing(tokenOf({ ...HASURA, 'x-hasura-allowed-roles': null })),
      noList('Null'),
    ],
    [
      'an allowed role is a number',
      bearing(tokenOf({ ...HASURA, 'x-hasura-allowed-roles': [1] })),
      BAD_CLAIMS,
    ],
    [
      'no role is allowed',
      bearing(tokenOf({ ...HASURA, 'x-hasura-allowed-roles': [] })),
      NOT_ALLOWED,
    ],
    [
      'an allowed role is empty',
      bearing(tokenOf({ ...HASURA, 'x-hasura-allowed-roles': ['user', ''] })),
      BAD_CLAIMS,
    ],
    [
      'the default role is empty',
      bearing(tokenOf({ ...HASURA, 'x-hasura-default-role': '' })),
      BAD_CLAIMS,
    ],
    [
      'the default role is a number',
      bearing(tokenOf({ ...HASURA, 'x-hasura-default-role': 1 })),
      BAD_CLAIMS,
    ],
    [
      'the default role is a list',
      bearing(tokenOf({ ...HASURA, 'x-hasura-default-role': ['user'] })),
      BAD_CLAIMS,
    ],
    ['a variable is a number', bearing(tokenOf({ ...HASURA, 'x-hasura-user-id': 7 })), BAD_CLAIMS],
    ['a variable is null', bearing(tokenOf({ ...HASURA, 'x-hasura-user-id': null })), BAD_CLAIMS],
    ['a variable is true', bearing(tokenOf({ ...HASURA, 'x-hasura-user-id': true })), BAD_CLAIMS],
    [
      'a variable is a list',
      bearing(tokenOf({ ...HASURA, 'x-hasura-user-id': ['7'] })),
      BAD_CLAIMS,
    ],
    [
      'a variable is an object',
      bearing(tokenOf({ ...HASURA, 'x-hasura-user-id': {} })),
      BAD_CLAIMS,
    ],
    [
      'another role is asked for',
      bearing(tokenWith({}), { 'x-hasura-role': 'manager' }),
      NOT_ALLOWED,
    ],
    [
      'the role admin is asked for',
      bearing(tokenWith({}), { 'x-hasura-role': 'admin' }),
      NOT_ALLOWED,
    ],
    ['roles have a case', bearing(tokenWith({}), { 'x-hasura-role': 'User' }), NOT_ALLOWED],
    [
      'the default role is not allowed',
      bearing(tokenOf({ ...HASURA, 'x-hasura-default-role': 'guest' })),
      NOT_ALLOWED,
    ],
  ]),
}

const TOKENS_OR_NOTHING: AuthGroup = {
  name: 'tokens and an unauthorized role',
  auth: { ...jwt(HS256), unauthorizedRole: 'anonymous' },
  demoJwtSecret: JSON.stringify(HS256),
  cases: casesOf([
    ['nothing has the role', {}, ANONYMOUS],
    ['another role is not for the asking', { 'x-hasura-role': 'user' }, ANONYMOUS],
    ['variables are', { 'x-hasura-user-id': '7' }, { ...ANONYMOUS, 'x-hasura-user-id': '7' }],
    ['a token has its own role', bearing(tokenWith({})), USER],
    ['a forged token is an error', bearing(tokenWith({}, OTHER_KEY)), FORGED],
    ['an expired one is', bearing(tokenWith({ exp: NOW - 1 })), EXPIRED],
    ['what is malformed is', { authorization: 'Basic x' }, MALFORMED],
    [
      'a role that is not allowed is',
      bearing(tokenWith({}), { 'x-hasura-role': 'anonymous' }),
      NOT_ALLOWED,
    ],
    ['a wrong secret is', { 'x-hasura-admin-secret': 'wrong' }, WRONG_SECRET],
  ]),
}

const STRICTLY_FOR = { ...HS256, audience: ['app', 'site'], issuer: 'issuer' }

const AUDIENCE: AuthGroup = {
  name: 'an audience and an issuer',
  auth: jwt(STRICTLY_FOR),
  demoJwtSecret: JSON.stringify(STRICTLY_FOR),
  cases: casesOf([
    ['the first audience', bearing(tokenWith({ aud: 'app', iss: 'issuer' })), USER],
    ['the second audience', bearing(tokenWith({ aud: 'site', iss: 'issuer' })), USER],
    ['one of several', bearing(tokenWith({ aud: ['other', 'site'], iss: 'issuer' })), USER],
    ['none of both', bearing(tokenWith({})), USER],
    ['another audience', bearing(tokenWith({ aud: 'other', iss: 'issuer' })), NOT_IN_AUDIENCE],
    ['no audience of a list', bearing(tokenWith({ aud: [], iss: 'issuer' })), NOT_IN_AUDIENCE],
    ['an audience in capitals', bearing(tokenWith({ aud: 'APP' })), NOT_IN_AUDIENCE],
    ['another issuer', bearing(tokenWith({ aud: 'app', iss: 'other' })), NOT_IN_ISSUER],
  ]),
}

const SKEWED = { ...HS256, allowed_skew: 10 }

const SKEW: AuthGroup = {
  name: 'an allowed skew of ten seconds',
  auth: jwt(SKEWED),
  demoJwtSecret: JSON.stringify(SKEWED),
  cases: casesOf([
    ['an end nine seconds ago', bearing(tokenWith({ exp: NOW - 9 })), USER],
    ['an end ten seconds ago', bearing(tokenWith({ exp: NOW - 10 })), EXPIRED],
    ['a beginning in ten seconds', bearing(tokenWith({ nbf: NOW + 10 })), USER],
    ['a beginning in eleven', bearing(tokenWith({ nbf: NOW + 11 })), invalid('JWTNotYetValid')],
    ['issued in ten seconds', bearing(tokenWith({ iat: NOW + 10 })), USER],
    ['issued in eleven', bearing(tokenWith({ iat: NOW + 11 })), invalid('JWTIssuedAtFuture')],
  ]),
}

const STRINGIFIED_SECRET = { ...HS256, claims_format: 'stringified_json' }

const STRINGIFIED: AuthGroup = {
  name: 'claims in a text',
  auth: jwt(STRINGIFIED_SECRET),
  demoJwtSecret: JSON.stringify(STRINGIFIED_SECRET),
  cases: casesOf([
    ['a text that holds them', bearing(tokenOf(JSON.stringify(HASURA))), USER],
    [
      'the claims themselves',
      bearing(tokenOf(HASURA)),
      claimsRefused('expecting a string when claims_format is stringified_json'),
    ],
    ['a text that holds none', bearing(tokenOf('claims')), BAD_CLAIMS],
    ['a text that holds a list', bearing(tokenOf('[]')), BAD_CLAIMS],
    ['an empty text', bearing(tokenOf('')), BAD_CLAIMS],
    ['a text without roles', bearing(tokenOf('{}')), NO_ALLOWED],
  ]),
}

const NAMED = { ...HS256, claims_namespace: 'my_claims' }

const NAMESPACED: AuthGroup = {
  name: 'a namespace of its own',
  auth: jwt(NAMED),
  demoJwtSecret: JSON.stringify(NAMED),
  cases: casesOf([
    ['claims there', bearing(hmacToken(KEY, { my_claims: HASURA })), USER],
    [
      'claims where they usually are',
      bearing(tokenOf(HASURA)),
      claimsRefused("claims key: 'my_claims' not found"),
    ],
  ]),
}

const PATH: AuthGroup = {
  name: 'a path to the claims',
  auth: jwt({ ...HS256, claims_namespace_path: '$.hasura.claims' }),
  cases: casesOf([
    ['claims there', bearing(hmacToken(KEY, { hasura: { claims: HASURA } })), USER],
    [
      'half a path',
      bearing(hmacToken(KEY, { hasura: HASURA })),
      claimsRefused("claims not found at claims_namespace_path: '$.hasura.claims'"),
    ],
    [
      'no path',
      bearing(tokenOf(HASURA)),
      claimsRefused("claims not found at claims_namespace_path: '$.hasura.claims'"),
    ],
    ['a text there', bearing(hmacToken(KEY, { hasura: { claims: 'x' } })), NO_OBJECT],
  ]),
}

const ROOT: AuthGroup = {
  name: 'claims at the root',
  auth: jwt({ ...HS256, claims_namespace_path: '$' }),
  cases: casesOf([
    ['they are found', bearing(hmacToken(KEY, { ...HASURA, sub: '7' })), USER],
    ['they are missing', bearing(hmacToken(KEY, { sub: '7' })), NO_ALLOWED],
  ]),
}

const claims_map = {
  'x-hasura-allowed-roles': { path: '$.roles', default: ['user'] },
  'x-hasura-default-role': { path: '$.roles[0]' },
  'x-hasura-user-id': { path: '$.sub' },
  'x-hasura-tenant': 'one',
}
const MAPPED_USER: Session = { ...USER, 'x-hasura-tenant': 'one' }

const MAPPED: AuthGroup = {
  name: 'a map of claims',
  auth: jwt({ ...HS256, claims_map }),
  cases: casesOf([
    ['all there', bearing(hmacToken(KEY, { roles: ['user', 'editor'], sub: '7' })), MAPPED_USER],
    [
      'another role',
      bearing(hmacToken(KEY, { roles: ['user', 'editor'], sub: '7' }), {
        'x-hasura-role': 'editor',
      }),
      { ...MAPPED_USER, 'x-hasura-role': 'editor' },
    ],
    [
      'a role that is not allowed',
      bearing(hmacToken(KEY, { roles: ['user'], sub: '7' }), { 'x-hasura-role': 'editor' }),
      NOT_ALLOWED,
    ],
    [
      'no subject',
      bearing(hmacToken(KEY, { roles: ['user'] })),
      claimsRefused('JWT claim from claims_map, "x-hasura-user-id" not found'),
    ],
    ['no default role', bearing(hmacToken(KEY, { sub: '7' })), NO_DEFAULT],
    [
      'a claim of the namespace does not count',
      bearing(hmacToken(KEY, { [NAMESPACE]: HASURA, roles: ['guest'], sub: '7' })),
      { ...MAPPED_USER, 'x-hasura-role': 'guest' },
    ],
    [
      'roles that are no list',
      bearing(hmacToken(KEY, { roles: 'user', sub: '7' })),
      noList('String'),
    ],
  ]),
}

const DEFAULTED: AuthGroup = {
  name: 'a map with defaults',
  auth: jwt({
    ...HS256,
    claims_map: {
      'x-hasura-allowed-roles': { path: '$.roles', default: ['user'] },
      'x-hasura-default-role': { path: '$.role', default: 'user' },
      'x-hasura-user-id': { path: '$.id', default: '7' },
    },
  }),
  cases: casesOf([
    ['nothing there', bearing(hmacToken(KEY, {})), USER],
    ['something there', bearing(hmacToken(KEY, { id: '8' })), { ...USER, 'x-hasura-user-id': '8' }],
    ['a number there', bearing(hmacToken(KEY, { id: 8 })), BAD_CLAIMS],
    ['null there', bearing(hmacToken(KEY, { id: null })), BAD_CLAIMS],
    ['roles that are a text', bearing(hmacToken(KEY, { roles: 'user' })), noList('String')],
  ]),
}

const COOKIE: AuthGroup = {
  name: 'a cookie',
  auth: jwt({ ...HS256, header: { type: 'Cookie', name: 'token' } }),
  cases: casesOf([
    ['the token in it', { cookie: `token=${tokenWith({})}` }, USER],
    ['among others', { cookie: `a=b; token=${tokenWith({})}; c=d` }, USER],
    ['another cookie', { cookie: `tokens=${tokenWith({})}` }, MISSING_TOKEN],
    ['the token elsewhere', bearing(tokenWith({})), MISSING_TOKEN],
    ['a forged token', { cookie: `token=${tokenWith({}, OTHER_KEY)}` }, FORGED],
    ['an expired token', { cookie: `token=${tokenWith({ exp: NOW - 1 })}` }, EXPIRED],
  ]),
}

const CUSTOM: AuthGroup = {
  name: 'a header of its own',
  auth: jwt({ ...HS256, header: { type: 'CustomHeader', name: 'X-Token' } }),
  cases: casesOf([
    ['the token in it', { 'x-token': tokenWith({}) }, USER],
    ['Bearer before it', { 'x-token': `Bearer ${tokenWith({})}` }, UNREADABLE],
    ['the token elsewhere', bearing(tokenWith({})), MISSING_TOKEN],
    ['a forged token', { 'x-token': tokenWith({}, OTHER_KEY) }, FORGED],
  ]),
}

const SEVERAL_SECRETS: AuthGroup = {
  name: 'several secrets',
  auth: jwt(
    { ...HS256, issuer: 'a' },
    { type: 'HS256', key: OTHER_KEY, issuer: 'b' },
    { ...HS256, issuer: 'c', header: { type: 'Cookie', name: 'token' } },
  ),
  cases: casesOf([
    ['the first issuer', bearing(tokenWith({ iss: 'a' })), USER],
    ['the second issuer', bearing(tokenWith({ iss: 'b' }, OTHER_KEY)), USER],
    ['the third, in its cookie', { cookie: `token=${tokenWith({ iss: 'c' })}` }, USER],
    ['the third, elsewhere', bearing(tokenWith({ iss: 'c' })), NOT_IN_ISSUER],
    ['another issuer', bearing(tokenWith({ iss: 'd' })), NOT_IN_ISSUER],
    ['the key of another issuer', bearing(tokenWith({ iss: 'b' })), FORGED],
    ['no issuer', bearing(tokenWith({})), SEVERAL],
    [
      'two tokens',
      bearing(tokenWith({ iss: 'a' }), { cookie: `token=${tokenWith({ iss: 'c' })}` }),
      SEVERAL,
    ],
    ['no token', {}, MISSING_TOKEN],
  ]),
}

const rsa = rsaKeyPair()
const curves = {
  ES256: ecKeyPair('prime256v1'),
  ES384: ecKeyPair('secp384r1'),
  ES512: ecKeyPair('secp521r1'),
}
const edwards = ed25519KeyPair()
const CLAIMS = { [NAMESPACE]: HASURA }

/** A group for each kind of key, with one token that fits. */
const KINDS: readonly AuthGroup[] = [
  kind({ type: 'HS384', key: LONG_KEY }, hmacToken(LONG_KEY, CLAIMS, {}, 384)),
  kind({ type: 'HS512', key: LONG_KEY }, hmacToken(LONG_KEY, CLAIMS, {}, 512)),
  kind({ type: 'RS256', key: rsa.pem }, rsaToken(rsa.privateKey, CLAIMS)),
  kind({ type: 'RS384', key: rsa.pem }, rsaToken(rsa.privateKey, CLAIMS, {}, 384)),
  kind({ type: 'RS512', key: rsa.pem }, rsaToken(rsa.privateKey, CLAIMS, {}, 512)),
  kind(
    { type: 'ES256', key: curves.ES256.pem },
    ecToken(curves.ES256.privateKey, CLAIMS, 'ES256', 'sha256'),
  ),
  kind(
    { type: 'ES384', key: curves.ES384.pem },
    ecToken(curves.ES384.privateKey, CLAIMS, 'ES384', 'sha384'),
  ),
  kind(
    { type: 'ES512', key: curves.ES512.pem },
    ecToken(curves.ES512.privateKey, CLAIMS, 'ES512', 'sha512'),
  ),
  kind({ type: 'Ed25519', key: edwards.pem }, ed25519Token(edwards.privateKey, CLAIMS)),
]

function kind(secret: { readonly type: string; readonly key: string }, token: string): AuthGroup {
  return {
    name: `a key of type ${secret.type}`,
    auth: jwt(secret),
    demoJwtSecret: JSON.stringify(secret),
    cases: casesOf([
      ['its token', bearing(token), USER],
      ['a token of another kind', bearing(tokenWith({})), FORGED],
    ]),
  }
}

/** Hasura lets `type` choose the kind of key only. */
const LAX: readonly AuthGroup[] = [
  lax({ type: 'RS256', key: rsa.pem }, rsaToken(rsa.privateKey, CLAIMS, {}, 512)),
  lax({ type: 'HS256', key: LONG_KEY }, hmacToken(LONG_KEY, CLAIMS, {}, 512)),
]

function lax(secret: { readonly type: string; readonly key: string }, token: string): AuthGroup {
  return {
    name: `a key of type ${secret.type} for other strengths, as in Hasura`,
    auth: { ...jwt(secret), tokenRules: { isStrict: false, requiresExpiry: false } },
    demoJwtSecret: JSON.stringify(secret),
    cases: casesOf([
      ['a token of another strength', bearing(token), USER],
      ['a token of another kind', bearing(tokenWith({})), FORGED],
    ]),
  }
}

/** The claims of one token under the signature of another. */
function swapClaims(token: string, other: string): string {
  const [header = '', , signature = ''] = token.split('.')
  return [header, other.split('.')[1] ?? '', signature].join('.')
}

/** What must happen stands in Hasura's documentation and source, not in the gateway. */
export const AUTH_GROUPS: readonly AuthGroup[] = [
  NONE,
  SECRET_ONLY,
  SECRETS,
  UNAUTHORIZED,
  TOKENS,
  TOKENS_OR_NOTHING,
  AUDIENCE,
  SKEW,
  STRINGIFIED,
  NAMESPACED,
  PATH,
  ROOT,
  MAPPED,
  DEFAULTED,
  COOKIE,
  CUSTOM,
  SEVERAL_SECRETS,
  ...KINDS,
  ...LAX,
]
