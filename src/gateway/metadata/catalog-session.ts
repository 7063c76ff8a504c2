import { SESSION_WORDS } from './catalog-query.ts'

/** What in a database may ask who asks, however far down. */
export interface SessionReach {
  /** `schema.name` of functions, of overloaded ones too. */
  readonly functions: ReadonlySet<string>
  /** `schema.name` of the views that call one of them. */
  readonly callers: ReadonlySet<string>
  /** In lower case: SQL without any of these words names nothing that asks. */
  readonly words: ReadonlySet<string>
  /** Any SQL may ask: what is behind an operator or a cast does. */
  readonly isEverywhere: boolean
}

/** What the catalog query tells of it. */
export interface SessionRows {
  readonly relations: readonly {
    readonly name: string
    readonly readsSession: boolean
    readonly callsFunctions: boolean
  }[]
  /** View, what it reads. */
  readonly views: readonly (readonly [string, string])[]
  readonly functions: readonly {
    readonly name: string
    readonly asksSession: boolean
    /** `f schema.name` of functions, `r schema.name` of relations. */
    readonly mentions: readonly string[]
  }[]
  /** View, its function: `null` for one of which it is not known whether it asks. */
  readonly calls: readonly (readonly [string, string | null])[] | undefined
  /** Functions that SQL calls without naming them. */
  readonly implicit: readonly string[]
  /** Names of functions of extensions of which it is not known whether they ask. */
  readonly opaque: readonly string[]
}

/** A view asks by what it calls and reads, a function by all that its text names. */
export function sessionReach(rows: SessionRows): SessionReach {
  const { relations, views, functions } = rows
  // Without the calls, any may be one that asks.
  const calls =
    rows.calls ??
    relations.filter((one) => one.callsFunctions).map(({ name }) => [name, null] as const)
  const known = new Set(relations.map(({ name }) => name))
  const asking = [
    ...relations.filter((one) => one.readsSession).map(({ name }) => `r ${name}`),
    ...functions.filter((one) => one.asksSession).map(({ name }) => `f ${name}`),
    ...calls.filter(([, called]) => called === null).map(([view]) => `r ${view}`),
    // What the query does not tell of may have row-level security.
    ...views.filter(([, read]) => !known.has(read)).map(([, read]) => `r ${read}`),
  ]
  const uses: readonly (readonly [string, string])[] = [
    ...functions.flatMap(({ name, mentions }) =>
      mentions.map((mentioned) => [`f ${name}`, mentioned] as const),
    ),
    ...calls.map(([view, called]) => [`r ${view}`, `f ${called}`] as const),
    ...views.map(([view, read]) => [`r ${view}`, `r ${read}`] as const),
  ]
  const reached = usersOf(asking, uses)
  const names = [...[...reached].map(bareName), ...rows.opaque]
  const isEverywhere =
    rows.implicit.some((name) => reached.has(`f ${name}`)) ||
    // A name of punctuation alone is no word that could be missed.
    names.some((name) => sqlWords(name).length === 0)
  const isAsking = (called: string | null): boolean =>
    called === null || isEverywhere || reached.has(`f ${called}`)
  return {
    functions: new Set(functions.map(({ name }) => name).filter(isAsking)),
    callers: new Set(calls.filter(([, called]) => isAsking(called)).map(([view]) => view)),
    words: new Set(names.flatMap(sqlWords)),
    isEverywhere,
  }
}

/** Without the schema. */
function bareName(reference: string): string {
  return reference.slice(reference.indexOf('.') + 1)
}

/** Whether SQL that a client cannot change may ask who asks: by its own words, or by what they may name. */
export function mayAskSession(sql: string, { words, isEverywhere }: SessionReach): boolean {
  return isEverywhere || ASKS_SESSION.test(sql) || sqlWords(sql).some((word) => words.has(word))
}

const ASKS_SESSION = new RegExp(SESSION_WORDS, 'i')

/** `first`, and all that use one of them. */
function usersOf(
  first: readonly string[],
  uses: readonly (readonly [from: string, to: string])[],
): ReadonlySet<string> {
  const users = new Map<string, string[]>()
  for (const [from, to] of uses) {
    const known = users.get(to)
    if (known === undefined) users.set(to, [from])
    else known.push(from)
  }
  const reached = new Set(first)
  // A Set iterates over what is added meanwhile.
  for (const one of reached) {
    for (const user of users.get(one) ?? []) reached.add(user)
  }
  return reached
}

/** In lower case; quotes and punctuation end a word, as in the catalog query. */
function sqlWords(sql: string): readonly string[] {
  return sql
    .toLowerCase()
    .split(NO_WORD)
    .filter((word) => word !== '')
}

/** Of ASCII alone: letters of any alphabet make words. */
const NO_WORD = /[\t-\r !-/:-@[-^`{-~]+/
