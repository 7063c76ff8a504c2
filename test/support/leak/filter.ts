import type { Random } from '../../../src/shared/random.ts'
import { between, pick } from '../shop-values.ts'
import type { Use } from './use.ts'

/** A row filter as metadata has it, with what it uses: told when it is made, not read from the JSON. */
export interface Filter {
  readonly json: object
  readonly uses: readonly Use[]
}

/** What filters can speak of. */
export interface FilterWorld {
  readonly someTable: () => string
}

export const VARIABLES = ['user-id', 'org-id', 'a', 'b', 'ab', 'allowed-ids'] as const
const PREFIXES = ['X-Hasura-', 'x-hasura-', 'X-HASURA-'] as const
const DEPTH_MAX = 3

/** In the shapes that real projects have. */
export function randomFilter(random: Random, world: FilterWorld, depth = 0): Filter {
  const isLeaf = depth >= DEPTH_MAX || random.next() < 0.6
  return isLeaf ? leaf(random) : branch(random, world, depth + 1)
}

function leaf(random: Random): Filter {
  const one = variable(random)
  const other = variable(random)
  const column = pick(random, ['id', 'owner_id', 'tags', 'location', 'state'])
  const isShort = random.next() < 0.1
  if (isShort) return { json: { [column]: one.text }, uses: [one.use] }
  const [condition, uses] = pick<readonly [object, readonly Use[]]>(random, [
    [{ _eq: one.text }, [one.use]],
    [{ _eq: one.text }, [one.use]],
    [{ _neq: one.text }, [one.use]],
    [{ _in: one.text }, [one.use]],
    [{ _in: [one.text, 'draft', other.text] }, [one.use, other.use]],
    [{ _gte: one.text, _lt: other.text }, [one.use, other.use]],
    [{ _contains: { team: one.text } }, [one.use]],
    [{ _cast: { String: { _like: one.text } } }, [one.use]],
    [{ _st_d_within: { distance: one.text, from: other.text } }, [one.use, other.use]],
    // Of a later Hasura.
    [{ _resembles: { pattern: [one.text], within: { state: other.text } } }, [one.use, other.use]],
    [{ _eq: 'REQ_USER_ID' }, ['x-hasura-user-id']],
    [{ _eq: 'X-Hasura-Role' }, []],
    [{ _eq: between(random, 1, 9) }, []],
    [{ _is_null: random.next() < 0.5 }, []],
    [{ _ceq: ['$', 'owner_id'] }, []],
    [{}, []],
  ])
  return { json: { [column]: condition }, uses }
}

function branch(random: Random, world: FilterWorld, depth: number): Filter {
  const parts = Array.from({ length: between(random, 0, 3) }, () =>
    randomFilter(random, world, depth),
  )
  const [inner = randomFilter(random, world, depth)] = parts
  const own = variable(random)
  const table = world.someTable()
  const uses = [`rows ${table}`, ...inner.uses]
  const all = parts.flatMap((part) => part.uses)
  // Seldom: it makes every answer of the table one person's.
  if (random.next() < 0.02) return { json: { is_mine: { _eq: true } }, uses: ['any', 'session'] }
  const jsons = parts.map(({ json }) => json)
  return pick<Filter>(random, [
    { json: {}, uses: [] },
    { json: {}, uses: [] },
    { json: {}, uses: [] },
    { json: { _and: jsons }, uses: all },
    { json: { _or: jsons }, uses: all },
    { json: { $and: jsons }, uses: all },
    { json: { _not: inner.json }, uses: inner.uses },
    { json: { [`to_${table}`]: inner.json }, uses },
    { json: { [`to_${table}`]: inner.json }, uses },
    { json: { _exists: { _table: { schema: 'public', name: table }, _where: inner.json } }, uses },
    { json: { _exists: { _table: { schema: 'public', name: table }, _where: inner.json } }, uses },
    { json: { full_name: { _eq: own.text } }, uses: ['any', own.use] },
    {
      json: { state: { _eq: own.text }, _not: inner.json, _or: jsons },
      uses: [own.use, ...inner.uses, ...all],
    },
  ])
}

function variable(random: Random): { readonly text: string; readonly use: Use } {
  const name = pick(random, VARIABLES)
  const text = random.next() < 0.5 ? name : name.replace(/\b[a-z]/g, (one) => one.toUpperCase())
  return { text: pick(random, PREFIXES) + text, use: `x-hasura-${name}` }
}
