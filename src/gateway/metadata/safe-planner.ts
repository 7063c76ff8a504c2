import { ANY_WRITE, EVERYTHING } from '../cache/epochs.ts'
import type { Operation } from '../graphql/operation.ts'
import { planOf } from './combine-plans.ts'
import { explainPlan } from './explanation.ts'
import type { Plan } from './plan.ts'
import type { Planner } from './planner.ts'
import { tableTags } from './relation-tags.ts'

export const SUBSCRIPTION_PLAN = planOf({ sessionVariables: 'all', uncacheable: 'not-a-query' })

const QUERY = planOf({ sessionVariables: 'all', reads: [ANY_WRITE] })
const INTROSPECTION = planOf({ ...QUERY, uncacheable: 'introspection' })
const MUTATION = planOf({ ...SUBSCRIPTION_PLAN, writes: [EVERYTHING] })

/** Plans without metadata: any query may show anything of the session and of any table. */
export const safePlanner: Planner = {
  version: 'safe',
  plan,
  keyTexts: () => undefined,
  explain: (operation) => {
    const because = 'Hasura’s metadata is not known'
    return explainPlan(plan(operation), [{ ...plan(operation), because }])
  },
  changedRows: (source, relation) => tableTags(source, relation),
}

function plan({ kind, rootFields }: Operation): Plan {
  if (kind === 'mutation') return MUTATION
  if (kind === 'subscription') return SUBSCRIPTION_PLAN
  const isIntrospection = rootFields.some(
    ({ name }) => name.startsWith('__') && name !== '__typename',
  )
  return isIntrospection ? INTROSPECTION : QUERY
}
