import { ANY_WRITE, EVERYTHING } from '../cache/epochs.ts'
import type { Relation } from './catalog.ts'
import { sorted } from './combine-plans.ts'
import type { Source, WriteEvent } from './metadata-model.ts'
import type { Tag } from './plan.ts'

export interface RelationReads {
  readonly tags: ReadonlySet<Tag>
  readonly readsSession: boolean
  /** Of these, `schema.name`, neither the catalog tells what their rows depend on, nor the configuration. */
  readonly unknown: readonly string[]
}

/**
 * What an answer with rows of a table or view is read from. A view is read from its tables, and keeps its own
 * tag, which rules of the configuration name. What is not known to be either may be read from anything, and so
 * may what row-level security decides about; unless the configuration says of a view what it reads. Of what the
 * catalog does not tell, such policies may decide as well: it reads the session, unless declared in the same way.
 */
export function relationReads(source: Source, relationName: string): RelationReads {
  const tags = new Set<Tag>()
  const unknown: string[] = []
  let readsSession = false
  for (const name of closure([relationName], (one) => readBy(source, one))) {
    const relation = source.catalog?.relations.get(name)
    const isDeclared = source.declaredViews.has(name)
    tags.add(relationTag(source.name, name))
    if (!isDeclared && readsMore(relation)) tags.add(ANY_WRITE)
    if (!isDeclared && relation === undefined) unknown.push(name)
    readsSession ||= relation?.readsSession === true
  }
  return { tags, readsSession: readsSession || unknown.length > 0, unknown }
}

/** More than the relations that are known of it. */
function readsMore(relation: Relation | undefined): boolean {
  if (relation === undefined || relation.kind === 'other' || relation.readsSession) return true
  if (relation.kind === 'table') return false
  // Without a table, it calls what the catalog does not tell.
  return relation.callsFunctions || relation.readsFrom.length === 0
}

/** What tables and views that the configuration names are read from, taken together. */
export function declaredReads(
  source: Source,
  relations: readonly string[],
): Pick<RelationReads, 'readsSession'> & { readonly tags: readonly Tag[] } {
  const all = relations.map((name) => relationReads(source, name))
  return {
    tags: sorted(all.flatMap(({ tags }) => [...tags])),
    readsSession: all.some(({ readsSession }) => readsSession),
  }
}

/**
 * What rows change when those of `relationName` do: its own, those of its partitions and of the tables under a
 * view, and those that foreign keys make follow. Everything, when triggers or the lack of a catalog leave it
 * open. An insert may also be an update, by `on_conflict`.
 */
export function writtenTags(
  source: Source,
  relationName: string,
  event: WriteEvent,
): ReadonlySet<Tag> {
  const names = writtenRelations(source, relationName, event)
  if (names === undefined) return new Set([EVERYTHING])
  return new Set([...names].flatMap((name) => tableTags(source.name, name)))
}

/**
 * The same when a single row is changed at first, whose own tag is left to the caller. When what follows may
 * come back to the table, by a key that refers to the same table for one, it may be any row.
 */
export function writtenAlongRow(
  source: Source,
  relationName: string,
  event: WriteEvent,
): ReadonlySet<Tag> {
  const tags = new Set(writtenTags(source, relationName, event))
  const following = closure(consequences(source, changeOf(relationName, event)), (change) =>
    consequences(source, change),
  )
  const isAlone = ![...following].some((change) => relationOf(change) === relationName)
  if (isAlone) tags.delete(rowsTag(source.name, relationName))
  return tags
}

/** `undefined` when they are not known. */
function writtenRelations(
  source: Source,
  relationName: string,
  event: WriteEvent,
): ReadonlySet<string> | undefined {
  const events: WriteEvent[] = event === 'insert' ? ['insert', 'update'] : [event]
  const changes = closure(
    events.map((one) => changeOf(relationName, one)),
    (change) => consequences(source, change),
  )
  const names = new Set([...changes].map((change) => relationOf(change)))
  const relations = [...names].map((name) => source.catalog?.relations.get(name))
  const isOpen = relations.some(
    (relation) => relation === undefined || relation.kind === 'other' || relation.hasTriggers,
  )
  return isOpen ? undefined : names
}

/** `relation` is `schema.name`. */
export function relationTag(source: string, relation: string): Tag {
  return `table:${source}:${relation}`
}

/** Any of the rows that are asked for by their key: see `Tag`. */
export function rowsTag(source: string, relation: string): Tag {
  return `rows:${source}:${relation}`
}

/** What a write changes of which no more is known than its table. */
export function tableTags(source: string, relation: string): readonly Tag[] {
  return [relationTag(source, relation), rowsTag(source, relation)]
}

function readBy({ catalog, declaredViews }: Source, name: string): readonly string[] {
  const relation = catalog?.relations.get(name)
  const known = relation?.kind === 'view' ? relation.readsFrom : []
  return [...known, ...(declaredViews.get(name) ?? [])]
}

function consequences({ catalog }: Source, change: Change): readonly Change[] {
  const relation = catalog?.relations.get(relationOf(change))
  if (relation === undefined) return []
  const [event = 'update'] = EVENTS.filter((one) => change.startsWith(one))
  const same = relation.kind === 'view' ? relation.readsFrom : relation.kin
  const following = relation.references.flatMap(({ from, onDelete, onUpdate }) => {
    if (event === 'insert') return []
    const action = event === 'delete' ? onDelete : onUpdate
    if (action === 'a' || action === 'r') return []
    const isDeleted = event === 'delete' && action === 'c'
    return [changeOf(from, isDeleted ? 'delete' : 'update')]
  })
  return [...same.map((name) => changeOf(name, event)), ...following]
}

/** `<event> <relation>`. */
type Change = `${WriteEvent} ${string}`

const EVENTS = ['insert', 'update', 'delete'] as const

function changeOf(relation: string, event: WriteEvent): Change {
  return `${event} ${relation}`
}

function relationOf(change: Change): string {
  return change.slice(change.indexOf(' ') + 1)
}

/** `first`, and all that leads from it. */
function closure<T>(first: readonly T[], next: (one: T) => readonly T[]): ReadonlySet<T> {
  const reached = new Set(first)
  // A Set iterates over what is added meanwhile.
  for (const one of reached) {
    for (const other of next(one)) reached.add(other)
  }
  return reached
}
