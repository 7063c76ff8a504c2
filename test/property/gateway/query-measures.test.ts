import fc from 'fast-check'
import { type DocumentNode, Kind, parse, type SelectionSetNode } from 'graphql'
import { describe, expect, it } from 'vitest'
import { readOperation } from '../../../src/gateway/graphql/read-operation.ts'
import { type Doc, documents, write } from '../../support/graphql-documents.ts'
import { LIMITS } from '../../support/prepare.ts'

const WIDE = {
  ...LIMITS,
  tokensMax: 1_000_000,
  depthMax: 500,
  nodesMax: 1_000_000,
  aliasesMax: 1_000_000,
  rootFieldsMax: 1_000_000,
  directivesMax: 1_000_000,
  jsonDepthMax: 500,
}

interface Measures {
  readonly depth: number
  readonly nodes: number
  readonly aliases: number
  readonly directives: number
  readonly rootFields: number
}

/** The plain way: every fragment in its place, every field visited, as often as it is there. */
function reference(document: DocumentNode, name: string | undefined): Measures {
  const operation = document.definitions.find(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION && definition.name?.value === name,
  )
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('the operation is there')
  const totals = { nodes: 0, aliases: 0, directives: operation.directives?.length ?? 0 }
  for (const variable of operation.variableDefinitions ?? []) {
    totals.directives += variable.directives?.length ?? 0
  }
  let rootFields = 0
  const visit = ({ selections }: SelectionSetNode, level: number, isRoot: boolean): number => {
    let deepest = level
    for (const selection of selections) {
      totals.directives += selection.directives?.length ?? 0
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = document.definitions.find(
          (definition) =>
            definition.kind === Kind.FRAGMENT_DEFINITION &&
            definition.name.value === selection.name.value,
        )
        if (fragment?.kind !== Kind.FRAGMENT_DEFINITION) throw new Error('the fragment is there')
        totals.directives += fragment.directives?.length ?? 0
        deepest = Math.max(deepest, visit(fragment.selectionSet, level, isRoot))
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        deepest = Math.max(deepest, visit(selection.selectionSet, level, isRoot))
      } else {
        if (isRoot) rootFields += 1
        if (selection.alias !== undefined) totals.aliases += 1
        if (selection.selectionSet === undefined) continue
        totals.nodes += 1
        deepest = Math.max(deepest, visit(selection.selectionSet, level + 1, false))
      }
    }
    return deepest
  }
  const depth = visit(operation.selectionSet, 0, true)
  return { depth, ...totals, rootFields }
}

function measuresOf(doc: Doc, text: string): Measures {
  const { operation } = readOperation(text, doc.name, WIDE)
  const { depth, nodes, aliases, directives, rootFields } = operation
  return { depth, nodes, aliases, directives, rootFields: rootFields.length }
}

describe('the measures of an operation', () => {
  it('are those of a plain count over the document with its fragments in place', () => {
    const property = fc.property(documents, fc.nat(), (doc, style) => {
      const text = write(doc, style)
      expect(measuresOf(doc, text)).toEqual(reference(parse(text), doc.name))
    })
    fc.assert(property, { numRuns: 1_000 })
  })
})
