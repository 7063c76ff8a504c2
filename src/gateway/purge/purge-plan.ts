import { EVERYTHING } from '../cache/epochs.ts'
import { type Selector, selectors } from '../cache/selectors.ts'
import type { JsonObject, JsonValue } from '../graphql/operation.ts'
import type { Tag } from '../metadata/plan.ts'
import type { PurgeTarget } from './purge-order.ts'

/** What entries depend on, as the metadata has it. */
export interface TagNames {
  /** `relation` is `schema.name`. */
  ofTable(source: string, relation: string): readonly Tag[]
  ofRow(source: string, relation: string, row: JsonObject): readonly Tag[]
}

/** What a purge comes to. */
export interface PurgePlan {
  /** Any of them makes an entry one of those concerned. */
  readonly selectors: readonly Selector[]
  /** What to bump when it is hard; `undefined` when only the history can tell whom it concerns. */
  readonly tags: readonly Tag[] | undefined
  /** Of the one entry it is about. */
  readonly key: string | undefined
}

export function planPurge(target: PurgeTarget, names: TagNames): PurgePlan {
  if ('key' in target) {
    return { selectors: [selectors.key(target.key)], tags: undefined, key: target.key }
  }
  if ('family' in target) return byHistory(selectors.family(target.family))
  if ('operation' in target) return byHistory(selectors.operation(target.operation))
  if ('role' in target) return byHistory(selectors.role(target.role))
  if ('session_variable' in target) {
    const { name, value } = target.session_variable
    // Of a session, but no part of a key by itself: the role is.
    const isRole = name === 'x-hasura-role'
    return byHistory(isRole ? selectors.role(value) : selectors.variable(name, value))
  }
  if ('tag' in target) return byTags([target.tag])
  if ('table' in target) return byTags(names.ofTable(target.source, target.table))
  if ('row' in target) {
    const { source, table, key } = target.row
    return byTags(names.ofRow(source, table, rowOf(key)))
  }
  return byTags([EVERYTHING])
}

function byHistory(selector: Selector): PurgePlan {
  return { selectors: [selector], tags: undefined, key: undefined }
}

function byTags(tags: readonly Tag[]): PurgePlan {
  return { selectors: tags.map((tag) => selectors.tag(tag)), tags, key: undefined }
}

function rowOf(key: Readonly<Record<string, string | number>>): JsonObject {
  return new Map(
    Object.entries(key).map(([column, value]): [string, JsonValue] => [
      column,
      typeof value === 'number' ? { lexeme: `${value}` } : value,
    ]),
  )
}
