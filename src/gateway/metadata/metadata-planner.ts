import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import type { JsonObject, Operation, PreparedRequest } from '../graphql/operation.ts'
import type { VariableSlot } from './argument-walker.ts'
import { combinePlans } from './combine-plans.ts'
import { explainPlan, type PlanExplanation, type PlanPart } from './explanation.ts'
import { type Footprint, Footprints } from './footprints.ts'
import type { MetadataModel } from './metadata-model.ts'
import { MutationReach } from './mutation-reach.ts'
import type { Plan, Tag } from './plan.ts'
import type { KeyTexts, Planner } from './planner.ts'
import { QueryReach } from './query-reach.ts'
import { type RowReference, rowRead, rowWrite } from './reached-rows.ts'
import { relationTag, tableTags } from './relation-tags.ts'
import { rowTagOf } from './row-key.ts'
import { SUBSCRIPTION_PLAN } from './safe-planner.ts'
import { typedRequest } from './typed-request.ts'

/** Operations times roles that are remembered, up to twice as many. */
const PLANS_MAX = 5_000
/** Plans of one operation that differ by what its variables name; others are worked out each time. */
const VARIANTS_MAX = 16

interface RememberedPlan {
  /** What the operation reaches whatever its variables are. */
  readonly footprints: ReadonlySet<Footprint>
  readonly plan: Plan
  readonly slots: readonly VariableSlot[]
  readonly rows: readonly RowReference[]
  /** By what further the variables lead to. */
  readonly variants: Map<string, Plan>
}

/** What one request reaches beyond what its operation always does. */
interface Further {
  readonly footprints: readonly Footprint[]
  readonly rows: readonly PlanPart[]
}

/** Plans by a model, which never changes: a planner is replaced as a whole. */
export class MetadataPlanner implements Planner {
  readonly version: string
  readonly #footprints: Footprints
  readonly #remembered = new TwoGenerationMap<string, RememberedPlan>(PLANS_MAX)

  constructor(model: MetadataModel, version = '') {
    this.version = version
    this.#footprints = new Footprints(model)
  }

  plan(operation: Operation, role: string, variables: JsonObject | undefined): Plan {
    if (operation.kind === 'subscription') return SUBSCRIPTION_PLAN
    const key = `${operation.digest} ${role}`
    const known = this.#remembered.get(key)
    const remembered = known ?? this.#planAnew(operation, role)
    if (known === undefined) this.#remembered.set(key, remembered)
    if (remembered.slots.length === 0 && remembered.rows.length === 0) return remembered.plan
    return variant(remembered, this.#furtherOf(remembered, operation, role, variables))
  }

  keyTexts(request: PreparedRequest): KeyTexts | undefined {
    return typedRequest(this.#footprints.model, request)
  }

  explain(operation: Operation, role: string, variables: JsonObject | undefined): PlanExplanation {
    const plan = this.plan(operation, role, variables)
    if (operation.kind === 'subscription') {
      return explainPlan(plan, [{ ...plan, because: 'it is a subscription' }])
    }
    const always = this.#planAnew(operation, role)
    const { footprints, rows } = this.#furtherOf(always, operation, role, variables)
    const parts = [...always.footprints, ...footprints].flatMap((footprint) => footprint.parts)
    return explainPlan(plan, [...parts, ...rows])
  }

  changedRows(source: string, relation: string, rows: readonly JsonObject[]): readonly Tag[] {
    const rowKey = this.#footprints.model.tables.get(`${source}:${relation}`)?.rowKey
    const tags = [relationTag(source, relation)]
    for (const row of rows) {
      const tag = rowKey && rowTagOf(rowKey, { source, relation }, row)
      if (tag === undefined) return tableTags(source, relation)
      tags.push(tag)
    }
    return rows.length === 0 ? tableTags(source, relation) : tags
  }

  #planAnew(operation: Operation, role: string): RememberedPlan {
    const reach = this.#newReach(operation, role)
    const { model } = this.#footprints
    const isQuery = operation.kind === 'query'
    reach.visitRoot(operation.rootFields, isQuery ? model.queryFields : model.mutationFields)
    const { footprints, rows } = reach
    const plan = combinePlans(footprints)
    return { footprints, plan, slots: reach.arguments.slots, rows, variants: new Map() }
  }

  #furtherOf(
    { footprints, slots, rows }: RememberedPlan,
    operation: Operation,
    role: string,
    variables: JsonObject | undefined,
  ): Further {
    const reach = this.#newReach(operation, role)
    for (const { variable, table } of slots) {
      const value = variables?.get(variable)
      const fallback = operation.variableDefaults.get(variable)
      if (value !== undefined) reach.arguments.visitJson(value, table)
      else if (fallback !== undefined) reach.arguments.visit(fallback, table)
    }
    const toPart = operation.kind === 'query' ? rowRead : rowWrite
    return {
      footprints: [...reach.footprints].filter((footprint) => !footprints.has(footprint)),
      rows: rows.map((row) => toPart(row, { operation, variables })),
    }
  }

  #newReach(operation: Operation, role: string): QueryReach | MutationReach {
    return operation.kind === 'query'
      ? new QueryReach(this.#footprints, role)
      : new MutationReach(this.#footprints)
  }
}

function variant({ footprints, plan, variants }: RememberedPlan, further: Further): Plan {
  if (further.footprints.length === 0 && further.rows.length === 0) return plan
  const ids = further.footprints.map(({ id }) => id).sort((one, other) => one - other)
  const tags = further.rows.flatMap(({ reads, writes }) => [...reads, ...writes])
  const key = JSON.stringify([ids, tags])
  const known = variants.get(key)
  if (known !== undefined) return known
  const combined = combinePlans([...footprints, ...further.footprints, ...further.rows])
  if (variants.size < VARIANTS_MAX) variants.set(key, combined)
  return combined
}
