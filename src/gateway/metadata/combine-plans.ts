import type { ForwardedHeaders, Plan } from './plan.ts'

/** A plan that touches nothing but what `parts` say. */
export function planOf(parts: Partial<Plan>): Plan {
  return {
    sessionVariables: [],
    forwardedHeaders: undefined,
    reads: [],
    writes: [],
    uncacheable: undefined,
    onRequestOnly: undefined,
    ...parts,
  }
}

/** The plan of an operation that has these parts. */
export function combinePlans(plans: Iterable<Plan>): Plan {
  const parts = [...plans]
  const isWhole = parts.some(({ sessionVariables }) => sessionVariables === 'all')
  const names = parts.flatMap(({ sessionVariables }) =>
    sessionVariables === 'all' ? [] : sessionVariables,
  )
  return {
    sessionVariables: isWhole ? 'all' : sorted(names),
    forwardedHeaders: combineHeaders(parts),
    reads: sorted(parts.flatMap(({ reads }) => reads)),
    writes: sorted(parts.flatMap(({ writes }) => writes)),
    uncacheable: parts.find(({ uncacheable }) => uncacheable !== undefined)?.uncacheable,
    onRequestOnly: parts.find(({ onRequestOnly }) => onRequestOnly !== undefined)?.onRequestOnly,
  }
}

/** A header does not count when no one who is told headers is told it. */
function combineHeaders(parts: readonly Plan[]): ForwardedHeaders | undefined {
  const [first, ...others] = parts.flatMap(({ forwardedHeaders }) => forwardedHeaders ?? [])
  if (first === undefined) return undefined
  const except = first.except.filter((name) => others.every((one) => one.except.includes(name)))
  return { except: sorted(except) }
}

export function sorted(values: Iterable<string>): readonly string[] {
  return [...new Set(values)].sort()
}
