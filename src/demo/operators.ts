/** A comparison operator of Hasura and what it is in SQL. */
export interface Operator {
  readonly sql: string
  /** What stands on its right: a value of the column's type, many, or text whatever the column is. */
  readonly operand: 'value' | 'values' | 'text' | 'texts'
}

const value = (sql: string): Operator => ({ sql, operand: 'value' })

export const OPERATORS: Readonly<Record<string, Operator | undefined>> = {
  _eq: value('='),
  _neq: value('<>'),
  _gt: value('>'),
  _gte: value('>='),
  _lt: value('<'),
  _lte: value('<='),
  _in: { sql: '= ANY', operand: 'values' },
  _nin: { sql: '<> ALL', operand: 'values' },
  _like: value('LIKE'),
  _nlike: value('NOT LIKE'),
  _ilike: value('ILIKE'),
  _nilike: value('NOT ILIKE'),
  _similar: value('SIMILAR TO'),
  _nsimilar: value('NOT SIMILAR TO'),
  _regex: value('~'),
  _iregex: value('~*'),
  _nregex: value('!~'),
  _niregex: value('!~*'),
  _contains: value('@>'),
  _contained_in: value('<@'),
  _has_key: { sql: '?', operand: 'text' },
  _has_keys_any: { sql: '?|', operand: 'texts' },
  _has_keys_all: { sql: '?&', operand: 'texts' },
  _is_distinct: value('IS DISTINCT FROM'),
}

const COMPARISON = ['_eq', '_gt', '_gte', '_in', '_lt', '_lte', '_neq', '_nin'] as const
const TEXT = [
  '_ilike',
  '_iregex',
  '_like',
  '_nilike',
  '_niregex',
  '_nlike',
  '_nregex',
  '_nsimilar',
  '_regex',
  '_similar',
] as const
const JSONB = ['_contained_in', '_contains', '_has_key', '_has_keys_all', '_has_keys_any'] as const

/** The operators that `<type>_comparison_exp` offers, beside `_is_null`. */
export function operatorsOf(type: string): readonly string[] {
  if (isTextType(type)) return [...COMPARISON, ...TEXT]
  if (type === 'jsonb') return [...COMPARISON, ...JSONB]
  return COMPARISON
}

export function isTextType(type: string): boolean {
  return ['text', 'varchar', 'bpchar', 'citext', 'name'].includes(type)
}

export function isJsonType(type: string): boolean {
  return type === 'json' || type === 'jsonb'
}

/** Has sum and avg, and `_inc`. */
export function isNumericType(type: string): boolean {
  return ['int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'money'].includes(type)
}

/** Has min and max. */
export function isOrderedType(type: string): boolean {
  return !isJsonType(type) && type !== 'bool' && type !== 'uuid'
}
