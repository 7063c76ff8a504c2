import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import type { PreparedRequest } from '../graphql/operation.ts'
import type { Identity } from '../identity/identity.ts'
import { limitKey } from '../keys.ts'
import type { MetadataModel } from '../metadata/metadata-model.ts'
import { clientIp } from './client-ip.ts'
import { type CompiledRule, compileRule, rulesOfRole } from './compile-rule.ts'
import { estimateCost, type FieldCost } from './estimate-cost.ts'
import type { RateLimitOptions, RateLimitRule } from './limit-options.ts'
import type { LimitedRequest, LimitPlan, Subject } from './limit-plan.ts'
import { metadataRules } from './metadata-rules.ts'
import { planOf, type SubjectUnits } from './plan-charges.ts'
import { digestOf, isOfAddress, isOfIdentity, type SubjectName, subjectOf } from './subject.ts'

export interface LimitPlannerOptions {
  readonly options: RateLimitOptions
  /** The last known; another object when it has changed. */
  readonly model: () => MetadataModel | undefined
}

/** Subjects and roles whose keys and last refusals are remembered, each. */
const SUBJECTS_MAX = 10_000
/** Of one identity, plans by the number of root fields. */
const PLANS_MAX = 32

/** What does not change from one request of an identity to the next. */
interface KnownIdentity {
  readonly rules: readonly NumberedRule[]
  readonly plans: Map<number, LimitPlan>
}

interface NumberedRule extends CompiledRule {
  readonly number: number
}

/** What a rule counts of a request, for one subject. */
interface Counted {
  readonly name: SubjectName
  readonly units: number
  readonly fixed: number | undefined
}

/** Which rules apply to a request, whom they count, and what it costs. */
export class LimitPlanner {
  readonly #options: RateLimitOptions
  readonly #model: () => MetadataModel | undefined
  readonly #configured: readonly NumberedRule[]
  #seenModel: MetadataModel | undefined
  #rulesByRole = new TwoGenerationMap<string, readonly NumberedRule[]>(SUBJECTS_MAX)
  #subjects = new TwoGenerationMap<string, Subject>(SUBJECTS_MAX)
  #identities = new WeakMap<Identity, KnownIdentity>()
  /** By role, number of root fields and address, where nothing else matters. */
  #addressPlans = new TwoGenerationMap<string, LimitPlan>(SUBJECTS_MAX)
  #costs = new WeakMap<PreparedRequest, { role: string; costs: readonly FieldCost[] }>()

  constructor({ options, model }: LimitPlannerOptions) {
    this.#options = options
    this.#model = model
    this.#configured = options.rules.map(numbered)
  }

  /** `undefined` when nothing limits the request. */
  plan(request: LimitedRequest): LimitPlan | undefined {
    if (this.#model() !== this.#seenModel) this.#forget()
    const { identity, prepared } = request
    const known = this.#identities.get(identity)
    if (known === undefined) return this.#planAnew(request)
    if (known.rules.length === 0) return undefined
    const requests = prepared === undefined ? 1 : prepared.operation.rootFields.length
    return known.plans.get(requests) ?? this.#planKnown(known, request, requests)
  }

  /** What the rules would count, for people to read. */
  countedBy(request: LimitedRequest): readonly SubjectUnits[] {
    if (this.#model() !== this.#seenModel) this.#forget()
    return this.#subjectsOf(this.#rulesOf(request.identity.role), request)
  }

  #planAnew(request: LimitedRequest): LimitPlan | undefined {
    const { identity } = request
    const rules = this.#rulesOf(identity.role)
    if (!rules.every(isOfOperationCount)) return planOf(this.#subjectsOf(rules, request))
    if (rules.every(({ rule }) => isOfIdentity(rule.per, identity))) {
      this.#identities.set(identity, { rules, plans: new Map() })
      return this.plan(request)
    }
    if (rules.every(({ rule }) => isOfAddress(rule.per, identity))) {
      return this.#planOfAddress(rules, request)
    }
    return planOf(this.#subjectsOf(rules, request))
  }

  #planOfAddress(rules: readonly NumberedRule[], request: LimitedRequest): LimitPlan {
    const { identity, head, prepared } = request
    const fields = prepared === undefined ? 1 : prepared.operation.rootFields.length
    const ip = clientIp(head.headers, head.socketAddress, head.trustedHops)
    const key = `${fields} ${ip} ${identity.role}`
    let plan = this.#addressPlans.get(key)
    if (plan === undefined) {
      plan = planOf(this.#subjectsOf(rules, request))
      this.#addressPlans.set(key, plan)
    }
    return plan
  }

  #planKnown(
    { rules, plans }: KnownIdentity,
    request: LimitedRequest,
    requests: number,
  ): LimitPlan {
    const plan = planOf(this.#subjectsOf(rules, request))
    if (plans.size < PLANS_MAX) plans.set(requests, plan)
    return plan
  }

  /** Everything by which the last metadata was remembered. */
  #forget(): void {
    this.#seenModel = this.#model()
    this.#costs = new WeakMap()
    if (this.#configured.length > 0) return
    this.#rulesByRole.clear()
    this.#subjects.clear()
    this.#addressPlans.clear()
    this.#identities = new WeakMap()
  }

  #rulesOf(role: string): readonly NumberedRule[] {
    const known = this.#rulesByRole.get(role)
    if (known !== undefined) return known
    const rules = this.#options.enabled ? this.#compileFor(role) : []
    this.#rulesByRole.set(role, rules)
    return rules
  }

  #compileFor(role: string): readonly NumberedRule[] {
    if (this.#configured.length > 0) {
      const named = rulesOfRole(this.#options.rules, role)
      return this.#configured.filter(({ rule }) => named.includes(rule))
    }
    const limits = this.#model()?.requestRules.apiLimits
    return metadataRules(limits, role, this.#options).map(numbered)
  }

  /** Rules of one subject are taken from together. */
  #subjectsOf(rules: readonly NumberedRule[], request: LimitedRequest): readonly SubjectUnits[] {
    const groups = new Map<
      string,
      { name: SubjectName; rules: NumberedRule[]; counted: Counted[] }
    >()
    for (const rule of rules) {
      for (const counted of this.#countedOf(rule, request)) {
        const group = groups.get(counted.name.id)
        if (group === undefined) {
          groups.set(counted.name.id, { name: counted.name, rules: [rule], counted: [counted] })
        } else {
          group.rules.push(rule)
          group.counted.push(counted)
        }
      }
    }
    return Array.from(groups.values(), ({ name, rules: members, counted }) => ({
      subject: this.#subject(name, members, request.identity.role),
      units: counted.map(({ units }) => units),
      fixed: counted.map(({ fixed }) => fixed),
    }))
  }

  #countedOf(rule: NumberedRule, request: LimitedRequest): readonly Counted[] {
    const { prepared } = request
    const { operations, per } = rule.rule
    const operationName = prepared?.operation.name
    if (operations !== undefined && !operations.includes(operationName ?? '')) return []
    const fields = prepared?.operation.rootFields ?? []
    const indexes = [...fields.keys()].filter(
      (index) => rule.rootFields?.has(fields[index]?.name ?? '') ?? true,
    )
    if (rule.rootFields !== undefined && indexes.length === 0) return []
    const source = sourceOf(request)
    if (!per.some(({ kind }) => kind === 'root_field')) {
      const name = subjectOf(per, { ...source, rootField: undefined })
      return [{ name, ...this.#unitsOf(rule, request, indexes) }]
    }
    const names = new Set(indexes.map((index) => fields[index]?.name))
    return Array.from(names, (rootField) => {
      const members = indexes.filter((index) => fields[index]?.name === rootField)
      const name = subjectOf(per, { ...source, rootField })
      return { name, ...this.#unitsOf(rule, request, members) }
    })
  }

  #unitsOf(
    { unit }: NumberedRule,
    request: LimitedRequest,
    indexes: readonly number[],
  ): Omit<Counted, 'name'> {
    if (unit === 'operations') return { units: 1, fixed: undefined }
    if (unit === 'requests') return { units: Math.max(indexes.length, 1), fixed: undefined }
    const costs = this.#costsOf(request)
    const counted = costs.filter((_, index) => costs.length === 1 || indexes.includes(index))
    const fixed = counted.reduce((sum, cost) => sum + cost.fixed, 0)
    const units = counted.reduce((sum, cost) => sum + cost.fixed + cost.objects, 0)
    // Of an answer it is not told which objects belong to which root field.
    const isWhole = counted.length === costs.length
    return {
      units: Math.min(Math.max(units, 1), Number.MAX_SAFE_INTEGER),
      fixed: isWhole ? fixed : undefined,
    }
  }

  #costsOf({ prepared, identity: { role } }: LimitedRequest): readonly FieldCost[] {
    const { cost: weights } = this.#options
    if (prepared === undefined) {
      return [{ name: '', fixed: weights.rootField + weights.defaultRows, objects: 0 }]
    }
    const known = this.#costs.get(prepared)
    if (known?.role === role) return known.costs
    const costs = estimateCost(prepared, { role, weights, model: this.#model() })
    this.#costs.set(prepared, { role, costs })
    return costs
  }

  /** Two tokens of one user share what is remembered, if their rules are the same. */
  #subject({ label, id }: SubjectName, rules: readonly NumberedRule[], role: string): Subject {
    // The rules of the metadata are numbered within their role.
    const key = `${rules.map(({ number }) => number).join()} ${role.length}:${role}${id}`
    const known = this.#subjects.get(key)
    if (known !== undefined) return known
    const digest = digestOf(id)
    const subject: Subject = {
      label,
      rules,
      keys: rules.map(({ rule }) => limitKey(rule.name, digest)),
      refusals: { enter: undefined, reserve: undefined },
    }
    this.#subjects.set(key, subject)
    return subject
  }
}

function numbered(rule: RateLimitRule, number: number): NumberedRule {
  return { ...compileRule(rule), number }
}

/** Whether what it counts of a request follows from its number of root fields. */
function isOfOperationCount({ unit, rule }: CompiledRule): boolean {
  return unit !== 'cost' && rule.operations === undefined && rule.rootFields === undefined
}

function sourceOf({ identity, head, prepared }: LimitedRequest) {
  const { headers, socketAddress, trustedHops } = head
  return {
    identity,
    ip: clientIp(headers, socketAddress, trustedHops),
    header: (name: string): string | undefined => {
      const value = headers[name]
      return typeof value === 'string' ? value : undefined
    },
    operationName: prepared?.operation.name,
  }
}
