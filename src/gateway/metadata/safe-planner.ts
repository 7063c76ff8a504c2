import { ANY_WRITE, EVERYTHING } from '../cache/epochs.ts'
import type { Plan, Planner } from './plan.ts'

export const SUBSCRIPTION_PLAN: Plan = {
  sessionVariables: 'all',
  reads: [],
  writes: [],
  uncacheable: 'not-a-query',
}

const QUERY: Plan = {
  sessionVariables: 'all',
  reads: [ANY_WRITE],
  writes: [],
  uncacheable: undefined,
}
const INTROSPECTION: Plan = { ...QUERY, uncacheable: 'introspection' }
const MUTATION: Plan = { ...QUERY, reads: [], writes: [EVERYTHING], uncacheable: 'not-a-query' }

/** Plans without metadata: any query may show anything of the session and of any table. */
export const safePlanner: Planner = {
  plan({ kind, rootFields }) {
    if (kind === 'mutation') return MUTATION
    if (kind === 'subscription') return SUBSCRIPTION_PLAN
    const isIntrospection = rootFields.some(
      ({ name }) => name.startsWith('__') && name !== '__typename',
    )
    return isIntrospection ? INTROSPECTION : QUERY
  },
}
