import {
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  Kind,
  parse,
  parseType,
  print,
  type SelectionSetNode,
  TypeInfo,
  type ValueNode,
  type VariableDefinitionNode,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import { canonicalJson, isJsonList, parseJson } from '../../src/gateway/graphql/lossless-json.ts'
import type { JsonObject, JsonValue } from '../../src/gateway/graphql/operation.ts'
import { nth } from '../../src/shared/assert.ts'
import type { Random } from '../../src/shared/random.ts'
import { pick } from './shop-values.ts'

/** A request in its parts. */
export interface Written {
  readonly query: string
  readonly variables: JsonObject
}

export function writtenIn(body: string): Written {
  const { value } = parseJson(Buffer.from(body), 100)
  if (!(value instanceof Map)) throw new Error('a body is an object')
  const variables = value.get('variables')
  return {
    query: String(value.get('query')),
    variables: variables instanceof Map ? variables : new Map(),
  }
}

export function bodyOf({ query, variables }: Written): string {
  return canonicalJson(
    new Map<string, JsonValue>([
      ['query', query],
      ['variables', variables],
    ]),
  )
}

/**
 * The same request written in another way: values in variables or out of them, with defaults, alone or in lists, in
 * fragments. Now and then a little is wrong with it, so that it is refused or means something else.
 */
export function variantOf(schema: GraphQLSchema, written: Written, random: Random): Written {
  return new Variant(schema, written, random).write()
}

/** The share of places that are written in another way, and of those in which a mistake is made. */
const CHANGED = 0.15
const WRONG = 0.03
/** Of types whose values no key can tell from a literal's: seldom. */
const OTHER_TYPES = 0.1
const PLAIN = new Set(['Int', 'Boolean', 'String', 'uuid'])

class Variant {
  readonly #schema: GraphQLSchema
  readonly #random: Random
  readonly #document: DocumentNode
  readonly #values: Map<string, JsonValue>
  readonly #added: VariableDefinitionNode[] = []

  constructor(schema: GraphQLSchema, { query, variables }: Written, random: Random) {
    this.#schema = schema
    this.#random = random
    this.#document = parse(query, { noLocation: true })
    this.#values = new Map(variables)
  }

  write(): Written {
    const types = new TypeInfo(this.#schema)
    const changed: DocumentNode = visit(
      this.#document,
      visitWithTypeInfo(types, {
        VariableDefinition: () => false,
        SelectionSet: { leave: (node) => this.#selections(node, types.getParentType()?.name) },
        enter: (node) => {
          const type = types.getInputType()
          if (type === undefined || type === null || !isValue(node)) return undefined
          return this.#value(node, type)
        },
      }),
    )
    const definitions = this.#definitions(changed)
    const finished = visit(changed, {
      OperationDefinition: (node) => ({
        ...node,
        variableDefinitions: [...(node.variableDefinitions ?? []), ...this.#added].flatMap(
          (one) => definitions.get(one.variable.name.value) ?? [],
        ),
      }),
    })
    return { query: print(finished), variables: this.#values }
  }

  /** Those that are still used, some with the value as a default. */
  #definitions(document: DocumentNode): ReadonlyMap<string, VariableDefinitionNode> {
    const used = new Set<string>()
    const all = new Map(this.#added.map((one) => [one.variable.name.value, one]))
    visit(document, {
      VariableDefinition: (node) => {
        all.set(node.variable.name.value, node)
        return false
      },
      Variable: (node) => {
        used.add(node.name.value)
      },
    })
    for (const [name, definition] of all) {
      const value = this.#values.get(name)
      if (!used.has(name)) {
        all.delete(name)
        this.#values.delete(name)
      } else if (this.#chance(0.2)) {
        const isGiven = this.#chance(0.5)
        const defaultValue = plainLiteral(isGiven ? { lexeme: '3' } : (value ?? null))
        if (defaultValue === undefined) continue
        all.set(name, { ...definition, defaultValue })
        if (!isGiven) this.#values.delete(name)
      }
    }
    return all
  }

  #selections(node: SelectionSetNode, type: string | undefined): SelectionSetNode | undefined {
    if (!this.#chance(CHANGED / 2)) return undefined
    const on = this.#chance(WRONG) ? 'orders' : this.#chance(0.3) ? undefined : type
    const condition =
      on === undefined
        ? {}
        : {
            typeCondition: {
              kind: Kind.NAMED_TYPE,
              name: { kind: Kind.NAME, value: on },
            } as const,
          }
    const split = Math.floor(this.#random.next() * node.selections.length)
    const inner = node.selections.slice(split)
    return {
      ...node,
      selections: [
        ...node.selections.slice(0, split),
        {
          kind: Kind.INLINE_FRAGMENT,
          ...condition,
          selectionSet: { kind: Kind.SELECTION_SET, selections: inner },
        },
      ],
    }
  }

  #value(node: ValueNode, type: GraphQLInputType): ValueNode | undefined {
    if (!this.#chance(CHANGED)) return undefined
    if (node.kind === Kind.VARIABLE) {
      const value = this.#values.get(node.name.value)
      return value === undefined ? undefined : literalOf(value, type)
    }
    if (this.#chance(0.4)) return this.#otherForm(node, type)
    if (!PLAIN.has(getNamedType(type).name) && !this.#chance(OTHER_TYPES)) return undefined
    const json = jsonOf(node)
    return json === undefined ? undefined : this.#inVariable(json, type)
  }

  #otherForm(node: ValueNode, type: GraphQLInputType): ValueNode | undefined {
    if (node.kind === Kind.LIST && node.values.length === 1) return nth(node.values, 0)
    const isSingle = isListType(getNullableType(type)) && node.kind !== Kind.LIST
    if (isSingle || this.#chance(WRONG)) return { kind: Kind.LIST, values: [node] }
    if (node.kind !== Kind.STRING) return undefined
    return { ...node, value: node.value.toUpperCase() }
  }

  #inVariable(json: JsonValue, type: GraphQLInputType): ValueNode {
    const name = `w${this.#random.uint32()}`
    const wanted = String(type)
    const others = [wanted.replace(/!$/, ''), 'Int', 'bigint', `[${wanted}]`, 'String!']
    const declared = this.#chance(WRONG * 2) ? pick(this.#random, others) : wanted
    this.#added.push({
      kind: Kind.VARIABLE_DEFINITION,
      variable: variable(name),
      type: parseType(
        declared === wanted && !wanted.endsWith('!') && this.#chance(0.3) ? `${wanted}!` : declared,
      ),
    })
    const otherValues: JsonValue[] = [[json], null, canonicalJson(json), { lexeme: '1.0' }]
    const isSingle = isJsonList(json) && json.length === 1 && this.#chance(0.5)
    const value = isSingle ? (json[0] ?? null) : json
    this.#values.set(name, this.#chance(WRONG) ? pick(this.#random, otherValues) : value)
    return variable(name)
  }

  #chance(of: number): boolean {
    return this.#random.next() < of
  }
}

function variable(value: string): Extract<ValueNode, { readonly kind: Kind.VARIABLE }> {
  return { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value } }
}

const VALUES: ReadonlySet<string> = new Set<string>([
  Kind.VARIABLE,
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
])

function isValue(node: { readonly kind: string }): node is ValueNode {
  return VALUES.has(node.kind)
}

/** `undefined` when a variable is in it. */
function jsonOf(node: ValueNode): JsonValue | undefined {
  switch (node.kind) {
    case Kind.VARIABLE:
      return undefined
    case Kind.NULL:
      return null
    case Kind.INT:
    case Kind.FLOAT:
      return { lexeme: node.value }
    case Kind.LIST: {
      const items = node.values.map(jsonOf)
      const known = items.flatMap((item) => (item === undefined ? [] : [item]))
      return known.length === items.length ? known : undefined
    }
    case Kind.OBJECT: {
      const members = new Map<string, JsonValue>()
      for (const { name, value } of node.fields) {
        const json = jsonOf(value)
        if (json === undefined) return undefined
        members.set(name.value, json)
      }
      return members
    }
    default:
      return node.value
  }
}

function plainLiteral(value: JsonValue): ReturnType<typeof literalOf> & VariableDefault {
  if (typeof value === 'string') return { kind: Kind.STRING, value }
  if (typeof value === 'boolean') return { kind: Kind.BOOLEAN, value }
  if (value === null || isJsonList(value) || value instanceof Map) return undefined
  return 'lexeme' in value ? { kind: Kind.INT, value: value.lexeme } : undefined
}

type VariableDefault = VariableDefinitionNode['defaultValue']

/** In a document, what stands in a variable; `undefined` where a name may not be one. */
function literalOf(value: JsonValue, type: GraphQLInputType): ValueNode | undefined {
  const nullable = getNullableType(type)
  if (value === null) return { kind: Kind.NULL }
  if (isJsonList(value)) {
    const item = isListType(nullable) ? nullable.ofType : nullable
    const values = value.flatMap((one) => literalOf(one, item) ?? [])
    return values.length === value.length ? { kind: Kind.LIST, values } : undefined
  }
  const named = getNamedType(type)
  if (value instanceof Map) {
    if (!isInputObjectType(named)) return undefined
    const known = named.getFields()
    const fields = [...value].flatMap(([name, member]) => {
      const field = known[name]
      const read = field && literalOf(member, field.type)
      if (read === undefined) return []
      return [
        { kind: Kind.OBJECT_FIELD, name: { kind: Kind.NAME, value: name }, value: read } as const,
      ]
    })
    return fields.length === value.size ? { kind: Kind.OBJECT, fields } : undefined
  }
  if (typeof value === 'string' && isEnumType(named)) return { kind: Kind.ENUM, value }
  return plainLiteral(value)
}
