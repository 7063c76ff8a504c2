import { hash } from 'node:crypto'
import type { OperationDefinitionNode } from 'graphql'
import type { RequestLimits } from '../options.ts'
import { readCachedDirective } from './cached-directive.ts'
import { parseDocument } from './document.ts'
import { argumentValue, inlineFragments } from './inline-fragments.ts'
import { normalizeOperation } from './normalize.ts'
import type { ArgumentValue, Operation } from './operation.ts'
import { selectOperation } from './select-operation.ts'

/** All that the gateway wants to know of a document: some 50 us per KB, so it is remembered. */
export function readOperation(
  text: string,
  operationName: string | undefined,
  limits: RequestLimits,
): Operation {
  const document = parseDocument(text, limits)
  const definition = selectOperation(document, operationName)
  const inlined = inlineFragments(definition, document.fragments, limits)
  const normalized = normalizeOperation(definition, document.fragments)
  return {
    kind: definition.operation,
    name: definition.name?.value,
    digest: hash('sha256', normalized.text, 'base64url'),
    familyDigest: hash('sha256', normalized.textWithoutName, 'base64url'),
    rootFields: inlined.rootFields,
    variableDefaults: variableDefaults(definition),
    cached: readCachedDirective(definition.directives ?? []),
    depth: inlined.depth,
    nodes: inlined.nodes,
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
