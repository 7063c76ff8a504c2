import type { FragmentDefinitionNode, OperationDefinitionNode } from 'graphql'
import type { GatewayError } from '../errors.ts'

/** A GraphQL operation as the gateway needs it: read once per distinct document, then remembered. */
export interface Operation {
  readonly kind: 'query' | 'mutation' | 'subscription'
  /** The operation's name in the document, if it has one. */
  readonly name: string | undefined
  /** SHA-256 of the normalised operation, in base64url: equal for texts that mean the same. */
  readonly digest: string
  /** The same without the operation's name: what Hasura EE calls a query family. */
  readonly familyDigest: string
  /** The operation's fields, fragments resolved, for planning. Never sent upstream. */
  readonly rootFields: readonly SelectedField[]
  /** What variables are worth when the request does not give them. */
  readonly variableDefaults: ReadonlyMap<string, ArgumentValue>
  /**
   * Hasura EE's @cached(ttl, refresh) on the operation; `invalid` when it is used in a way that Hasura will
   * refuse or that the gateway cannot read without the variables: such an operation is not cached.
   */
  readonly cached: CachedDirective | 'invalid' | undefined
  /** Longest chain of fields with a selection set, as Hasura counts depth. */
  readonly depth: number
  /** How many fields have a selection set, as Hasura counts nodes. */
  readonly nodes: number
  /** How many fields have an alias, fragments in place. */
  readonly aliases: number
  /** How many directives stand on anything, fragments in place. */
  readonly directives: number
  /** Lexical tokens of the whole document. */
  readonly tokens: number
  /** The field by which it asks for the schema, if it does. */
  readonly introspected: string | undefined
  /** `undefined` when it is not needed, or does not tell what Hasura reads: see block-string.ts. */
  readonly syntax: OperationSyntax | undefined
}

/** As it was parsed, for keys that follow from the types of its arguments. */
export interface OperationSyntax {
  readonly definition: OperationDefinitionNode
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

/** A field, its fragments inlined; `@skip` and `@include` are not evaluated: both branches are listed. */
export interface SelectedField {
  readonly name: string
  readonly arguments: ReadonlyMap<string, ArgumentValue>
  readonly selections: readonly SelectedField[]
}

/** An argument with the variables still in it: what a planner asks is which names appear where. */
export type ArgumentValue =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, ArgumentValue> }
  | { readonly kind: 'list'; readonly items: readonly ArgumentValue[] }
  | { readonly kind: 'scalar'; readonly text: string }

export interface CachedDirective {
  /** `undefined` when the directive leaves it open. */
  readonly ttlSeconds: number | undefined
  readonly refresh: boolean
}

/** One request of a POST body, parsed and normalised. The same instance for the same bytes, while remembered. */
export interface PreparedRequest {
  readonly kind: 'single'
  readonly operation: Operation
  /** Canonical text of the variables, number lexemes kept: part of the key. */
  readonly variablesText: string
  /** The variables as data, numbers as their lexemes (`JsonValue`), for planning. */
  readonly variables: JsonObject | undefined
  /** Of `variablesText`. */
  readonly variablesBytes: number
  /** Lists and objects in each other. */
  readonly variablesDepth: number
}

/** A request that names its document. What it asks is known once the document is found: documents/. */
export interface DocumentReference {
  readonly kind: 'reference'
  readonly name: DocumentName
  /** The document, when the request brings it as well. */
  readonly query: string | undefined
  readonly operationName: string | undefined
  readonly variables: JsonObject | undefined
}

/** By Apollo's `extensions.persistedQuery`, or by the `documentId` of the draft of GraphQL over HTTP. */
export type DocumentName =
  | { readonly kind: 'hash'; readonly sha256Hash: string }
  | { readonly kind: 'id'; readonly id: string }

/** A JSON list of requests: they are answered in their order, and one that is refused fails alone. */
export interface PreparedBatch {
  readonly kind: 'batch'
  readonly members: readonly BatchMember[]
}

export interface BatchMember {
  readonly request: PreparedRequest | DocumentReference | GatewayError
  /** The member's own JSON, as the client wrote it. */
  readonly body: Buffer
}

/** JSON without loss: numbers keep their text, objects are Maps so that `__proto__` is a key like any other. */
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject
export type JsonObject = ReadonlyMap<string, JsonValue>
export interface JsonNumber {
  readonly lexeme: string
}
