import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import { type Random, seededRandom } from '../../src/shared/random.ts'
import {
  between,
  expendableId,
  type Input,
  integer,
  type Place,
  pick,
  scalar,
} from './shop-values.ts'

export type Kind = 'query' | 'mutation'

/** Operations of one shape are alike but for the values in them. */
export interface Seeds {
  readonly shape: number
  readonly values: number
  /** Of what has no order: arguments and the fields of input objects. */
  readonly order: number
}

/** The body of a request for a random operation that the schema of a role allows; the same for the same seeds. */
export function randomOperation(schema: GraphQLSchema, kind: Kind, seeds: Seeds): string {
  return new OperationWriter(schema, seeds).body(kind)
}

const DEPTH_MAX = 3
const BOOL_DEPTH_MAX = 2
const INSERT_DEPTH_MAX = 1
/** Suffixes of the types that belong to a table. */
const OF_TABLE =
  /_(?:bool_exp|aggregate_bool_exp|aggregate_bool_exp_count|order_by|insert_input|set_input|inc_input|pk_columns_input|updates|on_conflict|arr_rel_insert_input|obj_rel_insert_input|append_input|prepend_input|delete_\w+_input)$/

type Fields = readonly (GraphQLArgument | GraphQLInputField)[]

class OperationWriter {
  readonly #schema: GraphQLSchema
  readonly #random: Random
  readonly #values: Random
  readonly #order: Random
  readonly #variables: { readonly name: string; readonly type: string; readonly json: string }[] =
    []
  readonly #fragments: string[] = []
  #isMutation = false
  #aliases = 0

  constructor(schema: GraphQLSchema, seeds: Seeds) {
    this.#schema = schema
    this.#random = seededRandom(seeds.shape)
    this.#values = seededRandom(seeds.values)
    this.#order = seededRandom(seeds.order)
  }

  body(kind: Kind): string {
    this.#isMutation = kind === 'mutation'
    const root = kind === 'query' ? this.#schema.getQueryType() : this.#schema.getMutationType()
    if (!isObjectType(root)) throw new Error(`there is no ${kind}`)
    const fields = this.#some(Object.values(root.getFields()), 1, 2)
    const selections = `{ ${fields.map((field) => this.#field(field, 0)).join(' ')} }`
    const texts = [selections, ...this.#fragments]
    const used = this.#variables.filter(({ name }) =>
      texts.some((text) => text.includes(`$${name} `)),
    )
    const definitions = used.map(({ name, type }) => `$${name}: ${type}`)
    const name = this.#chance(0.5) ? ` Op${between(this.#random, 1, 3)}` : ''
    const list = definitions.length === 0 ? '' : `(${definitions.join(', ')})`
    const cached =
      kind === 'query' && this.#chance(0.3) ? ` @cached(ttl: ${pick(this.#random, [60, 300])})` : ''
    const query = `${kind}${name}${list}${cached} ${texts.join(' ')}`
    const members = used.map(({ name: of, json }) => `"${of}":${json}`)
    return `{"query":${JSON.stringify(query)}${members.length === 0 ? '' : `,"variables":{${members.join(',')}}`}}`
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number): string {
    const alias = this.#chance(0.15) ? `alias${(this.#aliases += 1)}: ` : ''
    const args = this.#arguments(field)
    const type = getNamedType(field.type)
    const selections = isObjectType(type) ? ` ${this.#selections(type, depth + 1)}` : ''
    return `${alias}${field.name}${args}${this.#directive()}${selections}`
  }

  #directive(): string {
    if (!this.#chance(0.04) || this.#isMutation) return ''
    const condition = this.#maybeVariable('Boolean!', { literal: 'true', json: 'true' }, 0.5)
    return ` @${pick(this.#random, ['include', 'skip'])}(if: ${condition})`
  }

  #selections(type: GraphQLObjectType, depth: number): string {
    const fields = Object.values(type.getFields())
    const isComposite = (field: GraphQLField<unknown, unknown>) =>
      isObjectType(getNamedType(field.type))
    const leaves = this.#some(
      fields.filter((field) => !isComposite(field)),
      1,
      4,
    )
    const nested = depth < DEPTH_MAX || leaves.length === 0 ? fields.filter(isComposite) : []
    const inner = this.#some(nested, leaves.length === 0 ? 1 : 0, depth === 1 ? 2 : 1)
    const texts = [...leaves, ...inner].map((field) => this.#field(field, depth))
    if (this.#chance(0.05)) texts.push('__typename')
    const text = texts.join(' ')
    if (this.#chance(0.1)) return `{ ... on ${type.name} { ${text} } }`
    if (!this.#chance(0.1)) return `{ ${text} }`
    const name = `F${this.#fragments.length}`
    this.#fragments.push(`fragment ${name} on ${type.name} { ${text} }`)
    return `{ ...${name} }`
  }

  #arguments({ name, args }: GraphQLField<unknown, unknown>): string {
    const byName = new Map(args.map((arg) => [arg.name, arg]))
    const texts: string[] = []
    const add = (arg: GraphQLArgument, value: Input): void => {
      texts.push(`${arg.name}: ${this.#maybeVariable(String(arg.type), value, 0.25)}`)
    }
    const distinct = byName.get('distinct_on')
    const order = byName.get('order_by')
    if (distinct !== undefined && order !== undefined && this.#chance(0.08)) {
      const [column] = this.#enumValues(distinct.type)
      add(distinct, { literal: `[${column}]`, json: `["${column}"]` })
      add(order, this.#inAnyOrder([[column ?? '', { literal: 'desc', json: '"desc"' }]]))
    } else if (order !== undefined && this.#chance(0.6)) {
      add(order, this.#value(order.type, placeOf(order)))
    }
    const operator = this.#updateOperator(args)
    for (const arg of args) {
      if (arg === distinct || arg === order) continue
      if (arg.name.startsWith('_') && arg.name !== operator) continue
      const likelihood = arg.name === operator ? 1 : (LIKELIHOOD[arg.name] ?? 0.4)
      if (!isNonNullType(arg.type) && !this.#chance(likelihood)) continue
      const table = tableOfRoot(name)
      if (this.#isMutation && arg.name === 'where') add(arg, this.#narrow(arg.type, name))
      else if (name.startsWith('delete_') && arg.name === 'id') {
        add(arg, number(expendableId(this.#values, table)))
      } else add(arg, this.#value(arg.type, { ...placeOf(arg), table }))
    }
    return texts.length === 0 ? '' : `(${shuffle(this.#order, texts).join(', ')})`
  }

  /** Hasura refuses an update without one, and two of one column. */
  #updateOperator(fields: Fields): string | undefined {
    const [operator] = this.#some(
      fields.filter(({ name }) => name.startsWith('_')),
      0,
      1,
    )
    return this.#chance(0.6) ? '_set' : (operator?.name ?? '_set')
  }

  /** A few rows by their key, so that a run does not empty its tables. */
  #narrow(type: GraphQLInputType, root: string): Input {
    const boolExp = getNamedType(type)
    if (!isInputObjectType(boolExp)) throw new Error('a filter is an object')
    const table = tableOfType(boolExp.name)
    const isDelete = root.startsWith('delete_')
    const fields = boolExp.getFields()
    const others = ['user_id', 'order_id', 'product_id'].filter((column) => column in fields)
    const other = others.length > 0 && this.#chance(0.4) ? pick(this.#random, others) : undefined
    if (other !== undefined) {
      const id = number(integer(this.#values, { table, column: other }))
      return this.#inAnyOrder([[other, this.#inAnyOrder([['_eq', id]])]])
    }
    const column = 'id' in fields ? 'id' : 'product_id'
    const id = () =>
      number(
        isDelete ? expendableId(this.#values, table) : integer(this.#values, { table, column }),
      )
    const key = this.#inAnyOrder([[column, this.#inAnyOrder([['_in', list([id(), id()])]])]])
    if (!this.#chance(0.3)) return key
    return this.#inAnyOrder([['_and', list([key, this.#value(boolExp, { ...EMPTY, table }, 1)])]])
  }

  #value(type: GraphQLInputType, place: Place, depth = 0): Input {
    const nullable = getNullableType(type)
    if (isListType(nullable)) {
      const count = between(this.#random, 1, 2)
      // A single value stands for a list of one.
      if (this.#chance(0.2)) return this.#value(nullable.ofType, place, depth)
      const items = Array.from({ length: count }, () => this.#value(nullable.ofType, place, depth))
      // Of a column given twice Postgres makes an error.
      return list(
        items.filter((item, at) => items.findIndex(({ json }) => json === item.json) === at),
      )
    }
    if (isEnumType(nullable)) {
      const value = pick(this.#values, this.#enumValues(nullable))
      return { literal: value, json: `"${value}"` }
    }
    if (isInputObjectType(nullable)) return this.#object(nullable, place, depth)
    return scalar(this.#values, nullable.name, place)
  }

  #enumValues(type: GraphQLInputType): string[] {
    const named = getNamedType(type)
    if (!isEnumType(named)) return []
    const values = named.getValues().map(({ name }) => name)
    return this.#some(values, values.length, values.length)
  }

  #object(type: GraphQLInputObjectType, place: Place, depth: number): Input {
    const { name } = type
    const table = OF_TABLE.test(name) ? tableOfType(name) : place.table
    const fields = Object.values(type.getFields())
    const inside = { ...place, table }
    if (name.endsWith('_comparison_exp')) return this.#comparison(fields, inside)
    if (name.endsWith('_insert_input') && !name.includes('_rel_'))
      return this.#row(fields, table, depth)
    if (name.endsWith('_updates')) return this.#update(fields, table)
    const required = fields.filter((field) => isNonNullType(field.type))
    const simple = fields.filter(
      (field) => !isNonNullType(field.type) && this.#fits(field, name, depth),
    )
    const isWritten = /_(?:set|inc|append|prepend)_input$/.test(name)
    const chosen = [...required, ...this.#some(simple, required.length === 0 ? 1 : 0, 2)]
    return this.#inAnyOrder(
      chosen.map((field) => {
        const at = { ...inside, column: field.name, operator: operatorOf(name, place), isWritten }
        return [field.name, this.#inner(field, at, depth + 1)]
      }),
    )
  }

  #fits(field: GraphQLInputField, owner: string, depth: number): boolean {
    const type = getNamedType(field.type)
    if (!isInputObjectType(type) || type.name.endsWith('_comparison_exp')) return true
    if (owner.endsWith('_on_conflict')) return this.#chance(0.3)
    // A subquery for each row: seldom, and not one in another.
    if (owner.endsWith('_order_by')) return depth === 0 && this.#chance(0.15)
    return depth < BOOL_DEPTH_MAX
  }

  #comparison(fields: Fields, place: Place): Input {
    const field = pick(this.#random, fields)
    const column = field.name === '_is_null' ? '' : place.column
    return this.#inAnyOrder([
      [field.name, this.#inner(field, { ...place, column, operator: field.name }, 9)],
    ])
  }

  /** A row to insert: most columns, now and then rows around it. */
  #row(fields: Fields, table: string, depth: number): Input {
    const columns = fields.filter((field) => !isInputObjectType(getNamedType(field.type)))
    const around = fields.filter((field) => isInputObjectType(getNamedType(field.type)))
    const nested = depth <= INSERT_DEPTH_MAX && this.#chance(0.3) ? this.#some(around, 0, 1) : []
    const given = columns.filter(({ name }) => {
      if (nested.some((one) => name === `${one.name}_id`)) return false
      return this.#chance(RARELY_GIVEN.has(name) ? 0.05 : 0.97)
    })
    return this.#inAnyOrder(
      [...given, ...nested].map((field) => {
        const place = { table, column: field.name, operator: '', isWritten: true }
        return [field.name, this.#value(field.type, place, depth + 1)]
      }),
    )
  }

  #update(fields: Fields, table: string): Input {
    const where = fields.find((field) => field.name === 'where')
    const operator = this.#updateOperator(fields)
    const operators = fields.filter(({ name }) => name === operator)
    if (where === undefined) throw new Error('an update has a filter')
    return this.#inAnyOrder([
      ['where', this.#narrow(where.type, 'update_')],
      ...operators.map((field): [string, Input] => [
        field.name,
        this.#value(field.type, { ...EMPTY, table, isWritten: true }),
      ]),
    ])
  }

  #inner(field: GraphQLArgument | GraphQLInputField, place: Place, depth: number): Input {
    const value = this.#value(field.type, place, depth)
    return { ...value, literal: this.#maybeVariable(String(field.type), value, 0.06) }
  }

  #maybeVariable(type: string, value: Input, chance: number): string {
    if (!this.#chance(chance)) return value.literal
    const name = `v${this.#variables.length}`
    this.#variables.push({ name, type, json: value.json })
    // With a space behind it, so that no name of a variable is the beginning of another.
    return `$${name} `
  }

  #inAnyOrder(fields: readonly (readonly [name: string, value: Input])[]): Input {
    const shuffled = shuffle(this.#order, fields)
    return {
      literal: `{${shuffled.map(([name, { literal }]) => `${name}: ${literal}`).join(', ')}}`,
      json: `{${shuffled.map(([name, { json }]) => `"${name}":${json}`).join(',')}}`,
    }
  }

  #some<T>(items: readonly T[], min: number, max: number): T[] {
    const shuffled = shuffle(this.#random, items)
    return shuffled.slice(0, between(this.#random, min, max))
  }

  #chance(of: number): boolean {
    return this.#random.next() < of
  }
}

function shuffle<T>(random: Random, items: readonly T[]): T[] {
  const keyed = items.map((item) => ({ item, key: random.next() }))
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item)
}

const EMPTY: Place = { table: '', column: '', operator: '', isWritten: false }

const LIKELIHOOD: Readonly<Record<string, number>> = {
  limit: 0.98,
  offset: 0.15,
  distinct: 0.2,
  path: 0.2,
  on_conflict: 0.3,
}

/** Columns that have defaults. */
const RARELY_GIVEN: ReadonlySet<string> = new Set(['id', 'created_at', 'sku', 'barcode'])

function placeOf({ name }: GraphQLArgument): Place {
  return { ...EMPTY, column: name, isWritten: name === 'object' || name === 'objects' }
}

function operatorOf(type: string, place: Place): string {
  if (/_delete_\w+_input$/.test(type)) return '_delete'
  return place.operator
}

function tableOfType(type: string): string {
  return type.replace(OF_TABLE, '').replace(/_aggregate$/, '')
}

function tableOfRoot(field: string): string {
  return field
    .replace(/^(?:insert|update|delete)_/, '')
    .replace(/_(?:by_pk|one|many|aggregate)$/, '')
}

function number(of: number): Input {
  return { literal: String(of), json: String(of) }
}

function list(items: readonly Input[]): Input {
  return {
    literal: `[${items.map(({ literal }) => literal).join(', ')}]`,
    json: `[${items.map(({ json }) => json).join(',')}]`,
  }
}
