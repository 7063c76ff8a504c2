import {
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  Lexer,
  type OperationDefinitionNode,
  parse,
  Source,
  TokenKind,
} from 'graphql'
import { GatewayError } from '../errors.ts'
import type { RequestLimits } from '../options.ts'

/** A parsed document: what can be executed in it. */
export interface GraphqlDocument {
  readonly operations: readonly OperationDefinitionNode[]
  /** By name. */
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

/** Throws when the text is not GraphQL, is too long or too deep, or defines a name twice. */
export function parseDocument(text: string, limits: RequestLimits): GraphqlDocument {
  try {
    const source = new Source(text)
    checkSize(source, limits)
    const { definitions } = parse(source, { noLocation: true })
    const operations: OperationDefinitionNode[] = []
    const fragments: FragmentDefinitionNode[] = []
    for (const definition of definitions) {
      if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition)
      else if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.push(definition)
      else throw notGraphql(undefined)
    }
    return { operations: distinctOperations(operations), fragments: byName(fragments) }
  } catch (error) {
    throw error instanceof GraphQLError ? notGraphql(error) : error
  }
}

/** How deep brackets may stand in each other: fields as deep as allowed, with arguments as deep as allowed. */
export function nestingMax(limits: RequestLimits): number {
  return limits.depthMax + limits.jsonDepthMax
}

export function depthExceeded(limits: RequestLimits): GatewayError {
  return new GatewayError('depth-limit-exceeded', `depth limit of ${limits.depthMax} exceeded`)
}

const OPENING: ReadonlySet<string> = new Set([
  TokenKind.BRACE_L,
  TokenKind.BRACKET_L,
  TokenKind.PAREN_L,
])
const CLOSING: ReadonlySet<string> = new Set([
  TokenKind.BRACE_R,
  TokenKind.BRACKET_R,
  TokenKind.PAREN_R,
])

/** Before parsing: the parser calls itself for each level and would run out of stack. */
function checkSize(source: Source, limits: RequestLimits): void {
  const lexer = new Lexer(source)
  const levelMax = nestingMax(limits)
  let level = 0
  for (let tokens = 0; lexer.advance().kind !== TokenKind.EOF; tokens += 1) {
    if (tokens >= limits.tokensMax) {
      const message = `the query has more than ${limits.tokensMax} tokens`
      throw new GatewayError('validation-failed', message, { path: '$.query' })
    }
    const { kind } = lexer.token
    if (OPENING.has(kind)) level += 1
    else if (CLOSING.has(kind)) level -= 1
    if (level > levelMax) throw depthExceeded(limits)
  }
}

/** Of two definitions with one name Hasura would use one, and the gateway might read the other. */
function distinctOperations(
  operations: readonly OperationDefinitionNode[],
): readonly OperationDefinitionNode[] {
  const names = new Set<string>()
  for (const { name } of operations) {
    if (name === undefined) continue
    if (names.has(name.value)) throw definedTwice('operation', name.value)
    names.add(name.value)
  }
  return operations
}

function byName(
  definitions: readonly FragmentDefinitionNode[],
): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const fragment of definitions) {
    const name = fragment.name.value
    if (fragments.has(name)) throw definedTwice('fragment', name)
    fragments.set(name, fragment)
  }
  return fragments
}

function definedTwice(what: string, name: string): GatewayError {
  return new GatewayError('validation-failed', `the ${what} "${name}" is defined more than once`)
}

function notGraphql(cause: unknown): GatewayError {
  const message = 'not a valid graphql query'
  return new GatewayError('validation-failed', message, { path: '$.query', cause })
}
