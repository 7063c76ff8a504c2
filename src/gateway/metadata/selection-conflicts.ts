import { type FieldNode, Kind, type SelectionNode } from 'graphql'

/**
 * Whether two fields share a response key and have arguments, at any depth: Hasura compares how these are written,
 * and refuses one form of what it takes in another.
 */
export function hasConflicts(nodes: readonly SelectionNode[]): boolean {
  const byKey = new Map<string, FieldNode>()
  const fields = nodes.flatMap(fieldsOf)
  return fields.some((field) => {
    const key = field.alias?.value ?? field.name.value
    const earlier = byKey.get(key)
    byKey.set(key, field)
    return earlier !== undefined && (hasArguments(field) || hasArguments(earlier))
  })
}

function fieldsOf(node: SelectionNode): readonly FieldNode[] {
  if (node.kind === Kind.FIELD) return [node]
  return node.kind === Kind.INLINE_FRAGMENT ? node.selectionSet.selections.flatMap(fieldsOf) : []
}

function hasArguments(node: SelectionNode): boolean {
  if (node.kind === Kind.FIELD && (node.arguments ?? []).length > 0) return true
  if (node.kind === Kind.FRAGMENT_SPREAD) return true
  return (node.selectionSet?.selections ?? []).some(hasArguments)
}
