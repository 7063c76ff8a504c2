import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../../../src/demo/queryable.ts'
import { type Catalog, parseCatalog } from '../../../../src/gateway/metadata/catalog.ts'
import { CATALOG_QUERY } from '../../../../src/gateway/metadata/catalog-query.ts'
import { mayAskSession } from '../../../../src/gateway/metadata/catalog-session.ts'
import { openShop } from '../../../support/demo-database.ts'

const ASKING = "nullif(current_setting('hasura.user', true), '')"
const LATER = `'SELECT current_' || 'setting(''hasura.user'')'`

const fn = (name: string, language: string, volatility: string, body: string, args = '') =>
  `CREATE FUNCTION ${name}(${args}) RETURNS text LANGUAGE ${language} ${volatility} AS $body$${body}$body$`
const sql = (name: string, body: string, volatility = 'STABLE') => fn(name, 'sql', volatility, body)
const plpgsql = (name: string, body: string, volatility = 'STABLE') =>
  fn(name, 'plpgsql', volatility, `BEGIN RETURN ${body}; END`)

/** By the name of the function, whether it asks. */
const FUNCTIONS: readonly (readonly [name: string, asks: boolean, statement: string])[] = [
  ['plain', false, sql('plain', 'SELECT name FROM products LIMIT 1')],
  ['direct', true, sql('direct', `SELECT ${ASKING}`)],
  ['shouted', true, sql('shouted', `SELECT CURRENT_SETTING('hasura.user', true)`)],
  ['quoted', true, sql('quoted', `SELECT "current_setting"('hasura.user', true)`)],
  ['escaped', true, sql('escaped', `SELECT U&"current\\005fsetting"('hasura.user', true)`)],
  ['shown', true, sql('shown', "SELECT setting FROM pg_settings WHERE name = 'hasura.user'")],
  ['built', true, sql('built', `SELECT query_to_xml(${LATER}, true, true, '')::text`)],
  ['counted', true, sql('counted', `SELECT word FROM ts_stat(${LATER}) LIMIT 1`)],
  [
    'standard',
    true,
    `CREATE FUNCTION standard() RETURNS text STABLE BEGIN ATOMIC SELECT ${ASKING}; END`,
  ],
  [
    'standard_plain',
    false,
    'CREATE FUNCTION standard_plain() RETURNS text STABLE BEGIN ATOMIC SELECT name FROM products LIMIT 1; END',
  ],
  ['calling', true, sql('calling', 'SELECT direct()')],
  ['calling_twice', true, sql('calling_twice', 'SELECT public."calling"()')],
  ['viewing', true, sql('viewing', 'SELECT me FROM personal LIMIT 1')],
  ['viewing_calls', true, sql('viewing_calls', 'SELECT x FROM by_function')],
  ['secured', true, sql('secured', 'SELECT email FROM users LIMIT 1')],
  [
    'by_default',
    true,
    fn('by_default', 'sql', 'STABLE', 'SELECT who', `who text DEFAULT ${ASKING}`),
  ],
  [
    'fixed_by_default',
    true,
    fn(
      'fixed_by_default',
      'plpgsql',
      'IMMUTABLE',
      'BEGIN RETURN who; END',
      `who text DEFAULT ${ASKING}`,
    ),
  ],
  ['dark', true, plpgsql('dark', "'x'")],
  ['fixed', false, plpgsql('fixed', "'x'", 'IMMUTABLE')],
  ['untrue', true, sql('untrue', `SELECT ${ASKING}`, 'IMMUTABLE')],
  ['untrue_dark', true, plpgsql('untrue_dark', ASKING, 'IMMUTABLE')],
  ['calling_dark', true, sql('calling_dark', 'SELECT dark()')],
  ['calling_fixed', false, sql('calling_fixed', 'SELECT fixed()')],
  ['my "odd" name', true, sql('"my ""odd"" name"', 'SELECT direct()')],
  ['calling_odd', true, sql('calling_odd', 'SELECT "my ""odd"" name"()')],
  ['fünf', true, sql('"fünf"', 'SELECT direct()')],
  ['calling_letters', true, sql('calling_letters', 'SELECT fünf()')],
]

const VIEWS: readonly (readonly [name: string, asks: boolean, query: string])[] = [
  ['by_function', true, 'SELECT direct() AS x'],
  ['by_plain', false, 'SELECT plain() AS x'],
  ['by_dark', true, 'SELECT dark() AS x'],
  ['by_fixed', false, 'SELECT fixed() AS x'],
  ['by_operator', true, "SELECT 'a' === 'b' AS x"],
  ['by_setting', true, `SELECT ${ASKING} AS x`],
  ['by_nothing', false, 'SELECT id FROM products'],
  ['by_aggregate', true, 'SELECT joined(name) AS x FROM products'],
]

describe('what the catalog query tells of who asks', () => {
  let shop: Database
  let catalog: Catalog
  const read = async () =>
    parseCatalog(String((await shop.query(CATALOG_QUERY)).rows[0]?.['catalog']))

  beforeAll(async () => {
    shop = await openShop()
    const run = async (statement: string) => {
      await shop.query(statement)
    }
    await run('ALTER TABLE users ENABLE ROW LEVEL SECURITY')
    await run(`CREATE VIEW personal AS SELECT ${ASKING} AS me`)
    // In this order, since they name each other.
    const isLate = (statement: string) => statement.includes('by_function')
    for (const [, , statement] of FUNCTIONS) if (!isLate(statement)) await run(statement)
    await run(
      "CREATE FUNCTION same(a text, b text) RETURNS boolean LANGUAGE plpgsql STABLE AS 'BEGIN RETURN a = b; END'",
    )
    await run(
      "CREATE FUNCTION join_one(a text, b text) RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN RETURN a || b; END'",
    )
    await run('CREATE AGGREGATE joined (text) (SFUNC = join_one, STYPE = text)')
    await run('CREATE VIEW by_function AS SELECT direct() AS x')
    for (const [, , statement] of FUNCTIONS) if (isLate(statement)) await run(statement)
    catalog = await read()
    await run('CREATE OPERATOR === (FUNCTION = same, LEFTARG = text, RIGHTARG = text)')
    for (const [name, , query] of VIEWS) {
      if (name !== 'by_function') await run(`CREATE VIEW ${name} AS ${query}`)
    }
  }, 120_000)
  afterAll(() => shop.close())

  it.each(FUNCTIONS)('a function: %s %s', (name, asks) => {
    expect(catalog.functions.get(`public.${name}`)?.asksSession).toBe(asks)
  })

  it.each([
    ['SELECT id FROM products WHERE price > {{least}}', false],
    ['SELECT plain()', false],
    ['SELECT Direct()', true],
    ['SELECT * FROM users', true],
    ['SELECT * FROM "personal"', true],
    ["SELECT current_setting('hasura.user')", true],
  ])('a native query: %s', (query, asks) => {
    expect(mayAskSession(query, catalog.session)).toBe(asks)
  })

  it('everything may, where an operator does', async () => {
    const changed = await read()
    expect(changed.session.isEverywhere).toBe(true)
    expect(changed.functions.get('public.plain')?.asksSession).toBe(true)
    expect(mayAskSession('SELECT 1', changed.session)).toBe(true)
  })

  it('views by what they call', async () => {
    await shop.query('DROP VIEW by_operator')
    await shop.query('DROP OPERATOR === (text, text)')
    const changed = await read()
    for (const [name, asks] of VIEWS.filter(([one]) => one !== 'by_operator')) {
      expect([name, changed.relations.get(`public.${name}`)?.readsSession]).toEqual([name, asks])
    }
  })

  it('everything may, where a function that does has no word in its name', async () => {
    await shop.query(sql('"--"', 'SELECT direct()'))
    const changed = await read()
    expect(changed.functions.get('public.plain')?.asksSession).toBe(true)
    expect(mayAskSession('SELECT 1', changed.session)).toBe(true)
  })
})
