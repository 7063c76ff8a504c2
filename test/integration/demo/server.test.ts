import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningDemo } from '../../../src/demo/start.ts'
import { ask, send } from '../../support/ask.ts'
import { ADMIN_SECRET, JWT_KEY } from '../../support/gateway-options.ts'
import { spawnDemoServer, startDemoServer } from '../../support/start-demo.ts'
import { bearer } from '../../support/start-gateway.ts'

let demo: RunningDemo
beforeAll(async () => {
  demo = await startDemoServer()
}, 60_000)
afterAll(() => demo.stop())

const ADMIN = { 'x-hasura-admin-secret': ADMIN_SECRET }
const PRODUCT = '{ products(limit: 1, order_by: {id: asc}) { id } }'
const PRODUCT_DATA = '{"data":{"products":[{"id":1}]}}'

const user = async (id: string) => ({ authorization: await bearer(id) })
const errorOf = (text: string) => JSON.parse(text).errors[0]

async function command(path: string, body: unknown, headers: Record<string, string> = ADMIN) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await send(demo.url, path, { method: 'POST', headers, body: text })
  return { status: answer.status, body: JSON.parse(answer.text), headers: answer.headers }
}
const metadata = (type: string, args: unknown = {}, more: object = {}) =>
  command('/v1/metadata', { type, args, ...more })
const runSql = (sql: string, args: object = {}) =>
  command('/v2/query', { type: 'run_sql', args: { sql, ...args } })

describe('POST /v1/graphql', () => {
  it('answers data under the name of the request', async () => {
    const answer = await ask(demo.url, PRODUCT, { ...ADMIN, 'x-request-id': 'mine' })
    expect(answer).toMatchObject({ status: 200, text: PRODUCT_DATA })
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': 'mine',
    })
  })

  it('names a request that has no name', async () => {
    const { headers } = await ask(demo.url, PRODUCT, ADMIN)
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('answers errors with 200 and without a name', async () => {
    const answer = await ask(demo.url, '{ nope }', ADMIN)
    expect(answer.status).toBe(200)
    expect(answer.headers['x-request-id']).toBeUndefined()
    expect(JSON.parse(answer.text)).toEqual({
      errors: [
        {
          message: "field 'nope' not found in type: 'query_root'",
          extensions: { path: '$.selectionSet.nope', code: 'validation-failed' },
        },
      ],
    })
  })

  it.each([
    ['no JSON', Buffer.from('{'), 'invalid-json', '$'],
    ['nothing', Buffer.alloc(0), 'invalid-json', '$'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'invalid-json', '$'],
    ['no object', Buffer.from('3'), 'parse-failed', '$'],
    ['no query', Buffer.from('{}'), 'parse-failed', '$'],
    ['no GraphQL', Buffer.from('{"query":"{"}'), 'validation-failed', '$.query'],
    [
      'a subscription',
      Buffer.from('{"query":"subscription { orgs { id } }"}'),
      'unexpected-payload',
      '$',
    ],
    [
      'a persisted query',
      Buffer.from('{"query":"{orgs{id}}","extensions":{"persistedQuery":{}}}'),
      'not-supported',
      '$',
    ],
  ])('refuses %s', async (_name, body, code, path) => {
    const answer = await ask(demo.url, body, ADMIN)
    expect(answer.status).toBe(200)
    expect(errorOf(answer.text).extensions).toEqual({ path, code })
  })

  it('reads the body whatever its type is said to be', async () => {
    const answer = await send(demo.url, '/v1/graphql', {
      method: 'POST',
      headers: { ...ADMIN, 'content-type': 'text/plain' },
      body: JSON.stringify({ query: PRODUCT }),
    })
    expect(answer.text).toBe(PRODUCT_DATA)
  })

  it('keeps the digits of long numbers both ways', async () => {
    const query = 'query ($b: bigint) { products(where: {barcode: {_eq: $b}}) { barcode } }'
    const body = `{"query":${JSON.stringify(query)},"variables":{"b":9007199254741993}}`
    const { text } = await ask(demo.url, Buffer.from(body), ADMIN)
    expect(text).toBe('{"data":{"products":[{"barcode":9007199254741993}]}}')
  })

  it('runs a batch in order, each member with its own answer', async () => {
    const update = (stock: number) => ({
      query: `mutation { update_products_by_pk(pk_columns: {id: 2}, _set: {stock: ${stock}}) { stock } }`,
    })
    const batch = [
      update(7),
      { query: '{ nope }' },
      update(8),
      { query: '{ products_by_pk(id: 2) { stock } }' },
    ]
    const { text, headers } = await ask(demo.url, batch, ADMIN)
    const [first, second, , last, ...none] = JSON.parse(text)
    expect(first).toEqual({ data: { update_products_by_pk: { stock: 7 } } })
    expect(second.errors).toHaveLength(1)
    expect(last).toEqual({ data: { products_by_pk: { stock: 8 } } })
    expect(none).toEqual([])
    expect(headers['x-request-id']).toBeDefined()
  })
})

describe('who asks', () => {
  const me = '{ users { id } }'

  it('is the user of a token', async () => {
    const { text } = await ask(demo.url, me, await user('7'))
    expect(text).toBe('{"data":{"users":[{"id":7}]}}')
  })

  it('is any role the admin secret comes with, and its variables', async () => {
    const headers = { ...ADMIN, 'x-hasura-role': 'user', 'X-Hasura-User-Id': '9' }
    expect((await ask(demo.url, me, headers)).text).toBe('{"data":{"users":[{"id":9}]}}')
  })

  it('is one of the roles a token allows', async () => {
    const token = await sign({
      'x-hasura-allowed-roles': ['user', 'manager'],
      'x-hasura-default-role': 'user',
      'x-hasura-org-id': '1',
      'x-hasura-user-id': '3',
    })
    const query = '{ users(limit: 2, order_by: {id: asc}) { id } }'
    const as = async (role: string) =>
      (await ask(demo.url, query, { ...token, 'x-hasura-role': role })).text
    expect(await as('user')).toBe('{"data":{"users":[{"id":3}]}}')
    expect(await as('manager')).toBe('{"data":{"users":[{"id":1}, {"id":9}]}}')
    expect(errorOf(await as('admin'))).toEqual({
      message: 'Your requested role is not in allowed roles',
      extensions: { path: '$', code: 'access-denied' },
    })
  })

  it('has variables in UTF-8', async () => {
    const id = Buffer.from('é').toString('latin1')
    const headers = { ...ADMIN, 'x-hasura-role': 'user', 'x-hasura-user-id': id }
    const { message } = errorOf((await ask(demo.url, me, headers)).text)
    expect(message).toBe('invalid input syntax for type integer: "é"')
  })

  it('cannot add session variables to a token', async () => {
    const headers = { ...(await user('7')), 'x-hasura-user-id': '8' }
    expect((await ask(demo.url, me, headers)).text).toBe('{"data":{"users":[{"id":7}]}}')
  })

  it.each([
    [
      'nothing',
      {},
      'invalid-headers',
      "Missing 'Authorization' or 'Cookie' header in JWT authentication mode",
    ],
    [
      'a wrong secret',
      { 'x-hasura-admin-secret': 'x' },
      'access-denied',
      'invalid "x-hasura-admin-secret"/"x-hasura-access-key"',
    ],
    [
      'an empty secret',
      { 'x-hasura-admin-secret': '' },
      'access-denied',
      'invalid "x-hasura-admin-secret"/"x-hasura-access-key"',
    ],
    [
      'no bearer',
      { authorization: 'Basic eDp5' },
      'invalid-headers',
      'Malformed Authorization header',
    ],
    [
      'no token',
      { authorization: 'Bearer x' },
      'invalid-jwt',
      'Could not verify JWT: JWSError (CompactDecodeError)',
    ],
  ])('is refused for %s', async (_name, headers: Record<string, string>, code, message) => {
    const answer = await ask(demo.url, me, headers)
    expect(answer.status).toBe(200)
    expect(errorOf(answer.text)).toEqual({ message, extensions: { path: '$', code } })
  })

  it.each([
    ['is over', {}, { exp: 1 }, 'invalid-jwt', 'Could not verify JWT: JWTExpired'],
    [
      'is not yet valid',
      {},
      { nbf: 4_000_000_000 },
      'invalid-jwt',
      'Could not verify JWT: JWTNotYetValid',
    ],
    [
      'names no roles',
      { 'x-hasura-allowed-roles': undefined },
      {},
      'jwt-missing-role-claims',
      'JWT claim does not contain "x-hasura-allowed-roles"',
    ],
    [
      'has a number for a variable',
      { 'x-hasura-user-id': 7 },
      {},
      'jwt-invalid-claims',
      'invalid x-hasura-* claims: parsing Text failed, expected String',
    ],
  ])('is refused for a token that %s', async (_name, variables, registered, code, message) => {
    const claims = {
      'x-hasura-allowed-roles': ['user'],
      'x-hasura-default-role': 'user',
      ...variables,
    }
    const { text } = await ask(demo.url, me, await sign(claims, registered))
    expect(errorOf(text)).toEqual({ message, extensions: { path: '$', code } })
  })

  it('is refused for a token of another key', async () => {
    const token = await sign({}, {}, 'another key of at least thirty-two bytes')
    expect(errorOf((await ask(demo.url, me, token)).text).message).toBe(
      'Could not verify JWT: JWSError JWSInvalidSignature',
    )
  })

  it('must bring the variables its permissions name', async () => {
    const { text } = await ask(demo.url, me, { ...ADMIN, 'x-hasura-role': 'user' })
    expect(errorOf(text)).toEqual({
      message: 'missing session variable: "x-hasura-user-id"',
      extensions: { path: '$', code: 'not-found' },
    })
  })
})

describe('POST /v1/metadata', () => {
  it('exports what the files say, bare or with its version', async () => {
    const bare = await metadata('export_metadata')
    const versioned = await metadata('export_metadata', {}, { version: 2 })
    expect(bare).toMatchObject({ status: 200, body: { version: 3 } })
    expect(versioned.body).toEqual({ resource_version: expect.any(Number), metadata: bare.body })
    expect(bare.body.sources[0].tables).toHaveLength(9)
  })

  it('suggests the relationships of tables', async () => {
    const tables = [{ schema: 'public', name: 'orgs' }]
    const { body } = await metadata('pg_suggest_relationships', { omit_tracked: false, tables })
    expect(body.relationships).toEqual([
      {
        type: 'array',
        from: { table: { schema: 'public', name: 'orgs' }, columns: ['id'] },
        to: {
          table: { schema: 'public', name: 'users' },
          columns: ['org_id'],
          constraint_name: 'users_org_id_fkey',
        },
      },
    ])
  })

  it('reloads, which is a new version', async () => {
    const before = await metadata('export_metadata', {}, { version: 2 })
    expect(await metadata('reload_metadata')).toMatchObject({
      status: 200,
      body: { message: 'success', is_consistent: true },
    })
    const after = await metadata('export_metadata', {}, { version: 2 })
    expect(after.body.resource_version).toBe(before.body.resource_version + 1)
  })

  it('refuses who has not seen the last version', async () => {
    expect(await metadata('reload_metadata', {}, { resource_version: 0 })).toMatchObject({
      status: 409,
      body: {
        path: '$',
        error: 'metadata resource version referenced (0) did not match current version',
        code: 'conflict',
      },
    })
  })

  it('runs several commands in order', async () => {
    const one = { type: 'get_inconsistent_metadata', args: {} }
    const answer = { is_consistent: true, inconsistent_objects: [] }
    expect((await metadata('bulk', [one, one])).body).toEqual([answer, answer])
  })

  it.each([
    [
      'foo_bar',
      'unknown metadata command "foo_bar"; "foo" was not recognized as a valid backend name',
    ],
    ['pg_foo', 'unknown metadata command "foo" for backend pg'],
    [
      'constructor',
      'unknown metadata command "constructor"; "constructor" was not recognized as a valid backend name',
    ],
  ])('does not know %s', async (type, error) => {
    expect(await metadata(type)).toMatchObject({
      status: 400,
      body: { path: '$', error, code: 'parse-failed' },
    })
  })

  it('is for admins', async () => {
    const body = { type: 'export_metadata', args: {} }
    expect(await command('/v1/metadata', body, await user('1'))).toMatchObject({
      status: 400,
      body: { path: '$.args', error: 'restricted access : admin only', code: 'access-denied' },
    })
    expect((await command('/v1/metadata', body, {})).status).toBe(400)
    const wrong = await command('/v1/metadata', body, { 'x-hasura-admin-secret': 'x' })
    expect(wrong).toMatchObject({ status: 401, body: { code: 'access-denied' } })
  })

  it('refuses what is not JSON, or no command', async () => {
    expect(await command('/v1/metadata', '{')).toMatchObject({
      status: 400,
      body: { path: '$', code: 'invalid-json' },
    })
    expect(await command('/v1/metadata', '{}')).toMatchObject({
      status: 400,
      body: { path: '$.type', code: 'parse-failed' },
    })
  })
})

describe('POST /v2/query', () => {
  it('gives rows as text', async () => {
    const sql = `SELECT 1 AS a, NULL AS b, true AS c, '{"x": 1}'::json AS d`
    expect((await runSql(sql, { read_only: true })).body).toEqual({
      result_type: 'TuplesOk',
      result: [
        ['a', 'b', 'c', 'd'],
        ['1', 'NULL', 't', '{"x": 1}'],
      ],
    })
  })

  it('runs several statements and answers the last', async () => {
    const { body } = await runSql('CREATE TEMPORARY TABLE t1 (a int); DROP TABLE t1')
    expect(body).toEqual({ result_type: 'CommandOk', result: null })
  })

  it('writes nothing when told to read only', async () => {
    expect(await runSql('DELETE FROM reviews', { read_only: true })).toMatchObject({
      status: 400,
      body: {
        path: '$',
        error: 'query execution failed',
        code: 'postgres-error',
        internal: {
          statement: 'DELETE FROM reviews',
          error: { status_code: '25006', exec_status: 'FatalError' },
        },
      },
    })
  })

  it('refuses to wait for data that cannot come', async () => {
    const { body } = await runSql('SELECT 1; copy orgs (name)\nfrom  stdin')
    expect(body).toMatchObject({ path: '$.args', code: 'not-supported' })
  })

  it('shows a new column to GraphQL, as a new version of the metadata', async () => {
    const before = demo.backend.metadata.resourceVersion
    await runSql('ALTER TABLE orgs ADD COLUMN motto text')
    expect(demo.backend.metadata.resourceVersion).toBe(before + 1)
    const { text } = await ask(demo.url, '{ orgs(limit: 1) { motto } }', ADMIN)
    expect(text).toBe('{"data":{"orgs":[{"motto":null}]}}')
  })

  it('leaves the version alone when only rows change', async () => {
    const before = demo.backend.metadata.resourceVersion
    await runSql(`UPDATE products SET stock = stock WHERE id = 1`)
    expect(demo.backend.metadata.resourceVersion).toBe(before)
  })

  it('undoes what the metadata could not live with', async () => {
    expect(await runSql('DROP TABLE reviews CASCADE')).toMatchObject({
      status: 400,
      body: { path: '$', code: 'dependency-error' },
    })
    expect((await ask(demo.url, '{ reviews(limit: 1) { id } }', ADMIN)).text).toContain('"data"')
  })

  it('runs several commands in order', async () => {
    const one = (sql: string) => ({ type: 'run_sql', args: { sql } })
    const { body } = await command('/v2/query', {
      type: 'bulk',
      args: [one('SELECT 1 AS a'), one('SELECT 2 AS a')],
    })
    expect(body.map(({ result }: { result: unknown }) => result)).toEqual([
      [['a'], ['1']],
      [['a'], ['2']],
    ])
  })

  it('is for admins', async () => {
    const body = { type: 'run_sql', args: { sql: 'SELECT 1' } }
    expect((await command('/v2/query', body, await user('1'))).body.code).toBe('access-denied')
  })
})

describe('the other paths', () => {
  it('tell version and health to everybody', async () => {
    expect((await send(demo.url, '/v1/version')).text).toMatch(/^\{"version":"v2/)
    expect((await send(demo.url, '/healthz')).text).toBe('OK')
  })

  it.each([
    ['GET', '/nope'],
    ['PUT', '/v1/graphql'],
    ['GET', '/v1/metadata'],
  ] as const)('%s %s does not exist', async (method, path) => {
    const { status, text } = await send(demo.url, path, { method })
    expect(status).toBe(404)
    expect(text).toBe('{"path":"$","error":"resource does not exist","code":"not-found"}')
  })

  it('have no GET for persisted queries', async () => {
    const { status, text } = await send(demo.url, '/v1/graphql?query={x}')
    expect(status).toBe(200)
    expect(errorOf(text).extensions.code).toBe('not-supported')
  })
})

describe('a process of its own', () => {
  it('serves, with an unauthorized role when told, and ends with 0 on SIGTERM', async () => {
    const child = await spawnDemoServer({ HASURA_GRAPHQL_UNAUTHORIZED_ROLE: 'anonymous' })
    expect((await ask(child.url, PRODUCT)).text).toBe(PRODUCT_DATA)
    const stubborn = await ask(child.url, '{ users { id } }', { 'x-hasura-role': 'admin' })
    expect(errorOf(stubborn.text).extensions.code).toBe('validation-failed')
    expect(await child.stop()).toBe(0)
    expect(child.errors()).toBe('')
  }, 60_000)

  it('says why it does not start', async () => {
    const start = spawnDemoServer({ HASURA_GRAPHQL_JWT_SECRET: '{"type":"HS256","key":"short"}' })
    await expect(start).rejects.toThrow('HASURA_GRAPHQL_JWT_SECRET: key: shorter than 32 bytes')
  }, 60_000)
})

async function sign(claims: object, registered: object = {}, key = JWT_KEY) {
  const token = await new SignJWT({ 'https://hasura.io/jwt/claims': claims, ...registered })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(key))
  return { authorization: `Bearer ${token}` }
}
