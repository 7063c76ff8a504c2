import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import type { JsonObject, Operation } from '../graphql/operation.ts'
import type { VariableSlot } from './argument-walker.ts'
import { type Footprint, Footprints, toPlan } from './footprints.ts'
import type { MetadataModel } from './metadata-model.ts'
import { MutationReach } from './mutation-reach.ts'
import type { Plan, Planner } from './plan.ts'
import { QueryReach } from './query-reach.ts'
import { SUBSCRIPTION_PLAN } from './safe-planner.ts'

/** Operations times roles that are remembered, up to twice as many. */
const PLANS_MAX = 5_000
/** Plans of one operation that differ by what its variables name; others are worked out each time. */
const VARIANTS_MAX = 16

interface RememberedPlan {
  /** What the operation reaches whatever its variables are. */
  readonly footprints: ReadonlySet<Footprint>
  readonly plan: Plan
  readonly slots: readonly VariableSlot[]
  /** By the ids of the further footprints that the variables lead to. */
  readonly variants: Map<string, Plan>
}

/** Plans by a model, which never changes: a planner is replaced as a whole. */
export class MetadataPlanner implements Planner {
  readonly #footprints: Footprints
  readonly #remembered = new TwoGenerationMap<string, RememberedPlan>(PLANS_MAX)

  constructor(model: MetadataModel) {
    this.#footprints = new Footprints(model)
  }

  plan(operation: Operation, role: string, variables: JsonObject | undefined): Plan {
    if (operation.kind === 'subscription') return SUBSCRIPTION_PLAN
    const key = `${operation.digest} ${role}`
    const known = this.#remembered.get(key)
    const remembered = known ?? this.#planAnew(operation, role)
    if (known === undefined) this.#remembered.set(key, remembered)
    if (remembered.slots.length === 0) return remembered.plan
    return this.#withVariables(remembered, operation, role, variables)
  }

  #planAnew(operation: Operation, role: string): RememberedPlan {
    const reach = this.#newReach(operation, role)
    const { model } = this.#footprints
    const isQuery = operation.kind === 'query'
    reach.visitRoot(operation.rootFields, isQuery ? model.queryFields : model.mutationFields)
    const { footprints } = reach
    const plan = toPlan(footprints)
    return { footprints, plan, slots: reach.arguments.slots, variants: new Map() }
  }

  #withVariables(
    { footprints, plan, slots, variants }: RememberedPlan,
    operation: Operation,
    role: string,
    variables: JsonObject | undefined,
  ): Plan {
    const reach = this.#newReach(operation, role)
    for (const { variable, table } of slots) {
      const value = variables?.get(variable)
      const fallback = operation.variableDefaults.get(variable)
      if (value !== undefined) reach.arguments.visitJson(value, table)
      else if (fallback !== undefined) reach.arguments.visit(fallback, table)
    }
    const further = [...reach.footprints].filter((footprint) => !footprints.has(footprint))
    if (further.length === 0) return plan
    const key = further
      .map(({ id }) => id)
      .sort((one, other) => one - other)
      .join()
    const known = variants.get(key)
    if (known !== undefined) return known
    const variant = toPlan([...footprints, ...further])
    if (variants.size < VARIANTS_MAX) variants.set(key, variant)
    return variant
  }

  #newReach(operation: Operation, role: string): QueryReach | MutationReach {
    return operation.kind === 'query'
      ? new QueryReach(this.#footprints, role)
      : new MutationReach(this.#footprints)
  }
}
