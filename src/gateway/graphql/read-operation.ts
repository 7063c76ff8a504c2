import { hash } from 'node:crypto'
import type { OperationDefinitionNode } from 'graphql'
import { invariant } from '../../shared/assert.ts'
import { introspectedField } from '../limits/introspection.ts'
import type { RequestLimits } from '../options.ts'
import { readCachedDirective } from './cached-directive.ts'
import { parseDocument } from './document.ts'
import { argumentValue, inlineFragments } from './inline-fragments.ts'
import { type NormalizedOperation, normalizeOperation } from './normalize.ts'
import type { ArgumentValue, Operation } from './operation.ts'
import { readRequestBody } from './request.ts'
import { selectOperation } from './select-operation.ts'

export interface ReadOperation {
  readonly operation: Operation
  /** About how many bytes of memory it takes. */
  readonly weight: number
}

/** Of what is kept of a token or a field: an object of three or four fields. */
const BYTES_PER_OBJECT = 64

/** Of a token in the parsed form: a node or two, and a list. */
const BYTES_PER_TOKEN = 200

/**
 * All that the gateway wants to know of a document: some 50 us per KB, so it is remembered. The parsed form is
 * several times as large as the text, and is kept when `keepsSyntax`.
 */
export function readOperation(
  text: string,
  operationName: string | undefined,
  limits: RequestLimits,
  keepsSyntax = false,
): ReadOperation {
  const document = parseDocument(text, limits)
  const definition = selectOperation(document, operationName)
  const inlined = inlineFragments(definition, document.fragments, limits)
  const normalized = document.isVerbatim
    ? verbatim(text, definition)
    : normalizeOperation(definition, document.fragments)
  const { fragments, isVerbatim } = document
  const syntax = keepsSyntax && !isVerbatim ? { definition, fragments } : undefined
  const operation: Operation = {
    kind: definition.operation,
    name: definition.name?.value,
    digest: hash('sha256', normalized.text, 'base64url'),
    familyDigest: hash('sha256', normalized.textWithoutName, 'base64url'),
    rootFields: inlined.rootFields,
    variableDefaults: variableDefaults(definition),
    cached: readCachedDirective(definition.directives ?? []),
    depth: inlined.depth,
    nodes: inlined.nodes,
    aliases: inlined.aliases,
    directives: inlined.directives,
    tokens: document.tokenCount,
    introspected: introspectedField(inlined.rootFields),
    syntax,
  }
  const objects = document.tokenCount + inlined.fields
  const syntaxWeight = syntax === undefined ? 0 : document.tokenCount * BYTES_PER_TOKEN
  return { operation, weight: text.length + objects * BYTES_PER_OBJECT + syntaxWeight }
}

/**
 * What requests that mean the same have in common. `body`: one that was prepared. For people to read: the
 * operation remembers the digest alone.
 */
export function normalizedText(body: Buffer, limits: RequestLimits): string {
  const read = readRequestBody(body, limits)
  invariant(read.kind === 'single' && read.request.kind === 'complete', 'it was prepared')
  const { query, operationName } = read.request
  const document = parseDocument(query, limits)
  if (document.isVerbatim) return query
  const definition = selectOperation(document, operationName)
  return normalizeOperation(definition, document.fragments).text
}

/** A key of its own for each text, which no normalised one equals: those begin with a keyword. */
function verbatim(text: string, { name }: OperationDefinitionNode): NormalizedOperation {
  return {
    text: JSON.stringify([name?.value ?? null, text]),
    textWithoutName: JSON.stringify([text]),
  }
}

function variableDefaults({
  variableDefinitions,
}: OperationDefinitionNode): ReadonlyMap<string, ArgumentValue> {
  const defaults = new Map<string, ArgumentValue>()
  for (const { variable, defaultValue } of variableDefinitions ?? []) {
    if (defaultValue !== undefined) defaults.set(variable.name.value, argumentValue(defaultValue))
  }
  return defaults
}
