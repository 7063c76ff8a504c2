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
import { limitExceeded } from '../limits/limit-errors.ts'
import type { RequestLimits } from '../options.ts'
import { endsAlikeInHasura, readsAlikeInHasura } from './block-string.ts'

/** A parsed document: what can be executed in it. */
export interface GraphqlDocument {
  readonly operations: readonly OperationDefinitionNode[]
  /** By name. */
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly tokenCount: number
  /** What the parsed form says of a string may not be what Hasura reads: see block-string.ts. */
  readonly isVerbatim: boolean
}

/** Throws when the text is not GraphQL, is too long or too deep, or defines a name twice. */
export function parseDocument(text: string, limits: RequestLimits): GraphqlDocument {
  try {
    const source = new Source(text)
    const { tokenCount, isVerbatim } = checkTokens(source, limits)
    const { definitions } = parse(source, { noLocation: true })
    const operations: OperationDefinitionNode[] = []
    const fragments: FragmentDefinitionNode[] = []
    for (const definition of definitions) {
      if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition)
      else if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.push(definition)
      else throw notGraphql(undefined)
    }
    return {
      operations: distinctOperations(operations),
      fragments: byName(fragments),
      tokenCount,
      isVerbatim,
    }
  } catch (error) {
    throw error instanceof GraphQLError ? notGraphql(error) : error
  }
}

/** How deep brackets may stand in each other: fields as deep as allowed, with arguments as deep as allowed. */
export function nestingMax(limits: RequestLimits): number {
  return limits.depthMax + limits.jsonDepthMax
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
function checkTokens(
  source: Source,
  limits: RequestLimits,
): Pick<GraphqlDocument, 'tokenCount' | 'isVerbatim'> {
  checkLength(source.body, limits)
  const lexer = new Lexer(source)
  const levelMax = nestingMax(limits)
  let level = 0
  let isVerbatim = false
  let tokenCount = 0
  for (; lexer.advance().kind !== TokenKind.EOF; tokenCount += 1) {
    if (tokenCount >= limits.tokensMax) throw tooManyTokens(limits)
    const { kind, start, end } = lexer.token
    if (OPENING.has(kind)) level += 1
    else if (CLOSING.has(kind)) level -= 1
    else if (kind === TokenKind.BLOCK_STRING) {
      const raw = source.body.slice(start, end)
      if (!endsAlikeInHasura(raw)) throw ambiguousBlockString()
      isVerbatim ||= !readsAlikeInHasura(raw)
    }
    if (level > levelMax) throw limitExceeded('depth-limit-exceeded', limits.depthMax)
  }
  return { tokenCount, isVerbatim }
}

/**
 * A line that says something has a token. graphql-js counts lines to tell where an error is, one by one: half a
 * million of them cost 15 ms to be refused (Node.js 20.20, November 2026).
 */
function checkLength(text: string, limits: RequestLimits): void {
  if (text.length > limits.documentLengthMax) {
    throw limitExceeded('document-limit-exceeded', limits.documentLengthMax, '$.query')
  }
  let lines = 0
  for (const end of LINE_ENDS) {
    for (let at = text.indexOf(end); at >= 0; at = text.indexOf(end, at + 1)) {
      lines += 1
      if (lines > limits.tokensMax) throw tooManyTokens(limits)
    }
  }
}

const LINE_ENDS = ['\n', '\r'] as const

function tooManyTokens({ tokensMax }: RequestLimits): GatewayError {
  return limitExceeded('token-limit-exceeded', tokensMax, '$.query')
}

/** Of two operations with one name Hasura would use one, and the gateway might read the other. */
function distinctOperations(
  operations: readonly OperationDefinitionNode[],
): readonly OperationDefinitionNode[] {
  const names = new Set<string>()
  for (const { name } of operations) {
    if (name === undefined) continue
    if (names.has(name.value)) {
      const message = `multiple definitions for operation "${name.value}"`
      throw new GatewayError('validation-failed', message)
    }
    names.add(name.value)
  }
  return operations
}

/** In Hasura's words (Execute/Inline.hs). */
function byName(
  definitions: readonly FragmentDefinitionNode[],
): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const fragment of definitions) {
    const name = fragment.name.value
    if (fragments.has(name)) {
      throw new GatewayError('parse-failed', `multiple definitions for fragment "${name}"`)
    }
    fragments.set(name, fragment)
  }
  return fragments
}

function ambiguousBlockString(): GatewayError {
  const message = 'a block string has backslashes and quotes that GraphQL servers read differently'
  return new GatewayError('validation-failed', message, { path: '$.query' })
}

function notGraphql(cause: unknown): GatewayError {
  const message = 'not a valid graphql query'
  return new GatewayError('validation-failed', message, { path: '$.query', cause })
}
