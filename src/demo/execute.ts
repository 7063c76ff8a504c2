import type { GraphQLObjectType, GraphQLSchema, OperationDefinitionNode } from 'graphql'
import { type Logger, silentLogger } from '../shared/logger.ts'
import type { Catalog } from './catalog.ts'
import { fromDatabaseError, RequestError, validationError } from './errors.ts'
import { introspect } from './introspection.ts'
import { type JsonObject, textOf } from './json.ts'
import type { DemoMetadata } from './metadata.ts'
import { buildModel, type Model } from './model.ts'
import { ADMIN, type RoleModel, roleModel } from './permissions.ts'
import type { Database } from './queryable.ts'
import { type GraphQLRequest, variablesOf } from './request/body.ts'
import { checkOperationDirectives } from './request/directives.ts'
import { type ParsedDocument, parseDocument } from './request/document.ts'
import type { Field } from './request/field.ts'
import { SelectionReader } from './request/selection.ts'
import { Variables } from './request/variables.ts'
import { type RootFields, rootFields } from './root-fields.ts'
import { buildSchema } from './schema/schema.ts'
import type { Session } from './session.ts'
import { identifier, join, render, type Sql, sql } from './sql/fragment.ts'
import { mutationField } from './sql/mutation.ts'
import { queryField } from './sql/query.ts'
import { Scope } from './sql/scope.ts'

export interface ExecutionResult {
  /** The status Hasura has inside; most of its endpoints send 200 whatever it is. */
  readonly status: number
  /** JSON text, with numbers exactly as Postgres wrote them. */
  readonly body: string
}

export type Transport = 'http' | 'websocket'

export interface ExecutorOptions {
  readonly database: Database
  readonly metadata: DemoMetadata
  readonly catalog: Catalog
  /** Told of what the client is not: the causes of internal errors. */
  readonly log?: Logger
}

/** Everything that depends on the role only. */
interface RoleSchema {
  readonly role: RoleModel
  readonly roots: RootFields
  readonly schema: GraphQLSchema
}

interface PreparedOperation extends RoleSchema, ParsedDocument {
  readonly session: Session
  readonly variables: JsonObject
  readonly fields: readonly Field[]
}

/** Answers GraphQL requests out of Postgres as Hasura v2 does. */
export class Executor {
  readonly #database: Database
  readonly #metadata: DemoMetadata
  readonly #log: Logger
  #model: Model
  /** Only roles that metadata names are kept, so that a client cannot fill it. */
  #schemas = new Map<string, RoleSchema>()

  constructor({ database, metadata, catalog, log = silentLogger }: ExecutorOptions) {
    this.#database = database
    this.#metadata = metadata
    this.#log = log
    this.#model = buildModel(metadata, catalog)
  }

  /** To be called after the metadata or the tables have changed. Throws when they do not fit. */
  reload(catalog: Catalog): void {
    this.#model = buildModel(this.#metadata, catalog)
    this.#schemas = new Map()
  }

  /** Never rejects because of the request: its faults are answers too. */
  async execute(
    request: GraphQLRequest,
    session: Session,
    transport: Transport,
  ): Promise<ExecutionResult> {
    try {
      const operation = this.#prepare(request, session, transport)
      const writes = operation.operation.operation === 'mutation'
      const data = await (writes ? this.#mutate(operation) : this.#query(operation))
      return { status: 200, body: `{"data":${data}}` }
    } catch (error) {
      const failure = fromDatabaseError(error)
      if (failure.code === 'unexpected') this.#log.error({ err: failure.cause }, 'internal error')
      return { status: failure.status, body: failure.toBody() }
    }
  }

  /** What kind of operation the request asks for; undefined when that cannot be told. */
  operationKind(request: GraphQLRequest): OperationDefinitionNode['operation'] | undefined {
    try {
      return parseDocument(request.query, request.operationName).operation.operation
    } catch {
      return undefined
    }
  }

  isSubscription(request: GraphQLRequest): boolean {
    return this.operationKind(request) === 'subscription'
  }

  /** The schema of a role, for tests and tools. */
  schemaOf(role: string): GraphQLSchema {
    return this.#schema(role).schema
  }

  #schema(name: string): RoleSchema {
    const known = this.#schemas.get(name)
    if (known !== undefined) return known
    const role = roleModel(this.#model, name)
    const roots = rootFields(role)
    const created = { role, roots, schema: buildSchema(role, roots) }
    if (name === ADMIN || this.#metadata.roles.has(name)) this.#schemas.set(name, created)
    return created
  }

  #prepare(request: GraphQLRequest, session: Session, transport: Transport): PreparedOperation {
    const document = parseDocument(request.query, request.operationName)
    const { operation, fragments } = document
    if (operation.operation === 'subscription' && transport === 'http') {
      const message = 'subscriptions are not supported over HTTP, use websockets instead'
      throw new RequestError('unexpected-payload', message)
    }
    const role = this.#schema(session.role)
    checkOperationDirectives(operation)
    const given = variablesOf(request)
    const variables = new Variables(role.schema, operation.variableDefinitions ?? [], given)
    const reader = new SelectionReader(role.schema, fragments, variables)
    const fields = reader.read(rootType(role.schema, operation), operation.selectionSet.selections)
    if (operation.operation === 'subscription' && fields.length !== 1) {
      throw validationError('subscriptions must select one top level field', '$')
    }
    return { ...role, ...document, session, variables: given, fields }
  }

  /** All root fields in one statement, so that they see the same state. */
  async #query(operation: PreparedOperation): Promise<string> {
    const { role, roots, session, fields } = operation
    const scope = new Scope(role, session)
    const expressions = fields.flatMap((field) => {
      const root = roots.query.get(field.name)
      return root === undefined ? [] : [{ key: field.key, value: queryField(scope, root, field) }]
    })
    const values = await this.#select(expressions)
    return objectText(fields, async (field) => values.get(field.key) ?? this.#own(operation, field))
  }

  async #select(
    expressions: readonly { key: string; value: Sql }[],
  ): Promise<ReadonlyMap<string, string>> {
    if (expressions.length === 0) return new Map()
    const columns = expressions.map(
      ({ value }, index) => sql`(${value})::text AS ${identifier(String(index))}`,
    )
    const { text, parameters } = render(sql`SELECT ${join(columns)}`)
    const [row] = (await this.#database.query(text, parameters)).rows
    return new Map(expressions.map(({ key }, index) => [key, textOf(row?.[index] ?? 'null')]))
  }

  /** One transaction; the fields one after the other, as they stand. */
  async #mutate(operation: PreparedOperation): Promise<string> {
    const { role, roots, session, fields } = operation
    return this.#database.transaction(async (transaction) => {
      // Where Hasura leaves the session for triggers: its event triggers record it from there.
      const user = JSON.stringify(Object.fromEntries(session.variables))
      await transaction.query(`SELECT set_config('hasura.user', $1, true)`, [user])
      return objectText(fields, async (field) => {
        const root = roots.mutation.get(field.name)
        if (root === undefined) return this.#own(operation, field)
        const scope = new Scope(role, session)
        return mutationField({ transaction, scope, path: '$' }, root, field)
      })
    })
  }

  /** The fields every GraphQL server has: `__typename`, `__schema`, `__type`. */
  async #own(operation: PreparedOperation, field: Field): Promise<string> {
    if (field.name === '__typename') return JSON.stringify(field.parent)
    if (field.name.startsWith('__')) return introspect(operation.schema, field, operation)
    return '"There are no queries available to the current role."'
  }
}

/** One value after the other: the fields of a mutation must not overtake each other. */
async function objectText(
  fields: readonly Field[],
  value: (field: Field) => Promise<string>,
): Promise<string> {
  const members: string[] = []
  for (const field of fields) members.push(`${JSON.stringify(field.key)}:${await value(field)}`)
  return `{${members.join(',')}}`
}

function rootType(schema: GraphQLSchema, operation: OperationDefinitionNode): GraphQLObjectType {
  const type = schema.getRootType(operation.operation)
  if (type) return type
  const kind = operation.operation === 'mutation' ? 'mutations' : 'subscriptions'
  throw validationError(`no ${kind} exist`, '$')
}
