import { createHash } from 'node:crypto'
import type { Random } from '../../src/shared/random.ts'

/** A value as a GraphQL literal and as JSON. */
export interface Input {
  readonly literal: string
  readonly json: string
}

export function pick<T>(random: Random, items: readonly [T, ...T[]] | readonly T[]): T {
  const item = items[random.uint32() % items.length]
  if (item === undefined) throw new Error('there is nothing to pick from')
  return item
}

export function between(random: Random, min: number, max: number): number {
  return min + (random.uint32() % (max - min + 1))
}

/** Rows that the users 1 to 4 of the tests own or see, so that what is written shows in what is read. */
const IDS: Readonly<Record<string, readonly number[]>> = {
  orgs: [1, 2, 3, 4, 5, 8],
  users: [1, 2, 3, 4, 9, 17, 25],
  products: [1, 2, 3, 4, 7, 8, 20, 30, 401],
  categories: [1, 2, 3, 4, 12],
  orders: [200, 400, 77, 277, 154, 354, 31, 231, 14],
  reviews: [200, 400, 67, 267, 134, 334, 1, 201, 2],
  order_items: [1, 2, 77, 78, 190, 191, 500, 501, 693],
}

/** What is deleted comes from a wider range, so that something stays. */
const EXPENDABLE: Readonly<Record<string, readonly [number, number]>> = {
  orgs: [5, 8],
  users: [9, 200],
  products: [1, 500],
  categories: [5, 12],
  orders: [1, 1_200],
  reviews: [1, 900],
  order_items: [1, 3_000],
}

const OWNERS: Readonly<Record<string, string>> = {
  user_id: 'users',
  org_id: 'orgs',
  product_id: 'products',
  category_id: 'categories',
  order_id: 'orders',
}

const NUMBERS: Readonly<Record<string, readonly [number, number]>> = {
  limit: [0, 5],
  offset: [0, 3],
  quantity: [1, 5],
  stock: [0, 120],
  rating: [1, 5],
}

const TEXTS: Readonly<Record<string, readonly string[]>> = {
  status: ['pending', 'paid', 'shipped', 'delivered', 'cancelled'],
  name: ['Oak lamp 8', 'Steel', 'Garden', 'Ada Turing', 'Käse "mild"', 'a\\b'],
  search: ['oak', 'LAMP', 'well made', 'zebra', '1'],
  path: ['$', 'color', '$.dimensions.w', '[0]'],
  note: ['ring twice', ''],
  body: ['Would buy it again.', 'fine\nindeed', '😀'],
}

const PATTERNS = ['%a%', '%e', 'O%', '_%', '%']
const KEYS = ['color', 'new', 'sale', 'dimensions', 'none']
const DOCUMENTS = ['{"color":"red"}', '["new"]', '["sale","new"]', '{}', '[]', '"new"', '5', '1.50']

/** Where a value stands. */
export interface Place {
  readonly table: string
  readonly column: string
  readonly operator: string
  readonly isWritten: boolean
}

export function scalar(random: Random, type: string, place: Place): Input {
  switch (type) {
    case 'Int':
      return plain(String(integer(random, place)))
    case 'Boolean':
      return plain(String(random.next() < 0.6))
    case 'numeric':
      return numeric(random, `${between(random, 1, 99)}.${pick(random, ['5', '50', '99', '00'])}`)
    case 'bigint':
      return numeric(random, `9007199254${740_993 + between(random, 0, 12) * 1_000}`)
    case 'uuid':
      return text(uuid(`product ${between(random, 1, place.isWritten ? 1_000_000 : 8)}`))
    case 'timestamptz':
      return text(`2024-0${between(random, 2, 9)}-1${between(random, 0, 9)}T12:00:00+00:00`)
    case 'jsonb':
      return document(pick(random, DOCUMENTS))
    default:
      return text(textFor(random, place))
  }
}

export function integer(
  random: Random,
  { table, column }: Pick<Place, 'table' | 'column'>,
): number {
  const range = NUMBERS[column]
  if (range !== undefined) return between(random, ...range)
  const ids = IDS[column === 'id' ? table : (OWNERS[column] ?? '')]
  return ids === undefined ? between(random, 0, 6) : pick(random, ids)
}

/** Never one of the users and organisations of the tests themselves. */
export function expendableId(random: Random, table: string): number {
  const isPerson = table === 'users' || table === 'orgs'
  const known = (IDS[table] ?? []).filter((id) => !isPerson || id > 4)
  if (known.length > 0 && random.next() < 0.5) return pick(random, known)
  return between(random, ...(EXPENDABLE[table] ?? ([1, 40] as const)))
}

function textFor(random: Random, { column, operator, isWritten }: Place): string {
  if (operator.includes('like')) return pick(random, PATTERNS)
  if (operator.includes('regex') || operator.includes('similar'))
    return pick(random, ['a', 'o.k', 'e$'])
  if (operator.startsWith('_has_key') || operator.startsWith('_delete')) return pick(random, KEYS)
  if (column === 'email')
    return `user${isWritten ? random.uint32() : between(random, 1, 9)}@example.com`
  if (column === 'name' && isWritten)
    return `${pick(random, TEXTS['name'] ?? [])} ${between(random, 1, 999)}`
  return pick(random, TEXTS[column] ?? ['a', '', 'Oak'])
}

function plain(of: string): Input {
  return { literal: of, json: of }
}

function text(of: string): Input {
  return plain(JSON.stringify(of))
}

/** Postgres' wide numbers come as numbers or as strings. */
function numeric(random: Random, of: string): Input {
  return random.next() < 0.5 ? plain(of) : text(of)
}

function uuid(seed: string): string {
  const digits = createHash('md5').update(seed).digest('hex')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function document(json: string): Input {
  return { literal: json.replace(/"(\w+)":/g, '$1:'), json }
}
