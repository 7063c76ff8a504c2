import { ANY_WRITE, EVERYTHING } from '../cache/epochs.ts'
import type { Source, WriteEvent } from './metadata-model.ts'
import type { Tag } from './plan.ts'

export interface RelationReads {
  readonly tags: ReadonlySet<Tag>
  readonly readsSession: boolean
}

/**
 * What an answer with rows of a table or view is read from. A view is read from its tables, and keeps its own
 * tag, which rules of the configuration name. What is not known to be either may be read from anything.
 */
export function relationReads(source: Source, relationName: string): RelationReads {
  const tags = new Set<Tag>()
  let readsSession = false
  for (const name of closure([relationName], (one) => viewedBy(source, one))) {
    const relation = source.catalog?.relations.get(name)
    tags.add(relationTag(source, name))
    if (relation === undefined || relation.kind === 'other') tags.add(ANY_WRITE)
    else if (relation.kind === 'view') {
      // Without a table, it calls what the catalog does not tell.
      if (relation.callsFunctions || relation.readsFrom.length === 0) tags.add(ANY_WRITE)
    }
    readsSession ||= relation?.readsSession === true
  }
  return { tags, readsSession }
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
  if (isOpen) return new Set([EVERYTHING])
  return new Set([...names].map((name) => relationTag(source, name)))
}

export function relationTag({ name: source }: Pick<Source, 'name'>, relation: string): Tag {
  return `table:${source}:${relation}`
}

function viewedBy({ catalog }: Source, name: string): readonly string[] {
  const relation = catalog?.relations.get(name)
  return relation?.kind === 'view' ? relation.readsFrom : []
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
