import type { Random } from '../../../src/shared/random.ts'
import { between, pick } from '../shop-values.ts'
import { KEYS, type Project, type ProjectTable, type Service } from './project.ts'
import type { Use } from './use.ts'

/** Told of by a question what its answer shows. */
export interface Viewer {
  readonly project: Project
  readonly role: string
  /** Which of its values each variable has. */
  readonly choices: ReadonlyMap<string, number>
  readonly see: (use: Use) => void
}

/** A query, in several spellings of one meaning, and the values that its variables may have. */
export interface Question {
  /** The first is plain. */
  readonly texts: readonly string[]
  readonly slots: readonly Slot[]
  /** Throws Refused for a role that may not ask it. */
  readonly reach: (viewer: Viewer) => void
}

export interface Slot {
  readonly name: string
  readonly type: string
  readonly values: readonly { readonly json: unknown; readonly reach: (viewer: Viewer) => void }[]
}

interface Part {
  readonly text: string
  readonly reach: (viewer: Viewer) => void
}

const DEPTH_MAX = 2
const NOTHING = (): void => undefined

export function randomQuestion(random: Random, project: Project): Question {
  const writer = new QuestionWriter(random, project)
  const roots = Array.from({ length: random.next() < 0.8 ? 1 : 2 }, (_, index) =>
    writer.root(index),
  )
  const { slots, fragments } = writer
  const head =
    slots.length === 0 ? '' : `(${slots.map(({ name, type }) => `$${name}: ${type}`).join(', ')})`
  const body = roots.map(({ text }) => text).join(' ')
  const tail = fragments.join(' ')
  const isNamed = slots.length > 0 || random.next() < 0.5
  const name = `query ${isNamed ? `Q${between(random, 0, 3)}` : ''}`
  const plain = `${name}${head} { ${body} } ${tail}`
  return {
    texts: [
      plain,
      plain.replaceAll(' ', '\n  ').replaceAll('(', ' ( # a comment\n'),
      `${name}${head} @cached(ttl: 300) { ${body} } ${tail}`,
    ],
    slots,
    reach: (viewer) => {
      for (const root of roots) root.reach(viewer)
    },
  }
}

class QuestionWriter {
  readonly slots: Slot[] = []
  readonly fragments: string[] = []
  readonly #random: Random
  readonly #project: Project

  constructor(random: Random, project: Project) {
    this.#random = random
    this.#project = project
  }

  root(index: number): Part {
    const random = this.#random
    const { functions, actions, remoteSchemas } = this.#project
    const alias = index === 0 ? '' : `r${index}: `
    const luck = random.next()
    const part =
      luck < 0.85
        ? this.#tableRoot()
        : luck < 0.91
          ? this.#functionRoot(pick(random, functions))
          : luck < 0.95
            ? this.#serviceRoot(pick(random, actions), `(about: "x")`)
            : luck < 0.98 && remoteSchemas.length > 0
              ? this.#serviceRoot(pick(random, remoteSchemas), '')
              : unknownRoot(this.#project)
    return { text: alias + part.text, reach: part.reach }
  }

  #tableRoot(): Part {
    const random = this.#random
    const table = this.#project.tableNamed(this.#project.someTable())
    const luck = random.next()
    if (luck < 0.25 && table.kind !== 'view') return this.#rowRoot(table)
    if (luck < 0.4) {
      const rows = this.#rows(table.name, 0)
      return {
        text: `${table.field}_aggregate${rows.arguments} { aggregate { count } nodes ${rows.text} }`,
        reach: rows.reach,
      }
    }
    const rows = this.#rows(table.name, 0)
    return { text: `${table.field}${rows.arguments} ${rows.text}`, reach: rows.reach }
  }

  #rowRoot({ name, field }: ProjectTable): Part {
    const random = this.#random
    const selection = this.#selection(name, 1)
    const isVariable = random.next() < 0.5
    const key = pick(random, KEYS)
    const seeRow = (id: number) => (viewer: Viewer) => viewer.see(`row ${name} ${id}`)
    const id = isVariable
      ? this.#slot(
          'Int!',
          KEYS.map((json) => ({ json, reach: seeRow(json) })),
        )
      : { text: `${key}`, reach: seeRow(key) }
    return {
      text: `${field}_by_pk(id: ${id.text}) ${selection.text}`,
      reach: (viewer) => {
        id.reach(viewer)
        const { project, role } = viewer
        // Of its rows only this one shows.
        showAll(
          viewer,
          project.rowUses(name).filter((use) => use !== `rows ${name}`),
        )
        showAll(viewer, project.filterUses(name, role))
        selection.reach(viewer)
      },
    }
  }

  #functionRoot({ name, returns, readsSession }: Project['functions'][number]): Part {
    const rows = this.#rows(returns, 1)
    const given = rows.arguments === '' ? '' : `, ${rows.arguments.slice(1, -1)}`
    return {
      text: `${name}(args: {text: "x"}${given}) ${rows.text}`,
      reach: (viewer) => {
        viewer.see('any')
        if (readsSession) viewer.see('session')
        rows.reach(viewer)
      },
    }
  }

  #serviceRoot({ name, forwardsHeaders }: Service, given: string): Part {
    return {
      text: `${name}${given} { outcome }`,
      reach: (viewer) => {
        showAll(viewer, forwardsHeaders ? ['any', 'session', 'headers'] : ['any', 'session'])
      },
    }
  }

  /** Rows of a table as the role sees them. */
  #rows(table: string, depth: number): Part & { readonly arguments: string } {
    const random = this.#random
    const given: Part[] = []
    if (random.next() < 0.4) {
      const where = this.#whereArgument(table)
      given.push({ text: `where: ${where.text}`, reach: where.reach })
    }
    if (random.next() < 0.2) given.push(this.#order(table))
    if (random.next() < 0.3) given.push({ text: `limit: ${between(random, 1, 3)}`, reach: NOTHING })
    const selection = this.#selection(table, depth)
    return {
      arguments: given.length === 0 ? '' : `(${given.map(({ text }) => text).join(', ')})`,
      text: selection.text,
      reach: (viewer) => {
        seeRows(viewer, table)
        for (const part of given) part.reach(viewer)
        selection.reach(viewer)
      },
    }
  }

  #selection(table: string, depth: number): Part {
    const random = this.#random
    const count = depth >= DEPTH_MAX ? 0 : pick(random, [0, 0, 1, 1, 2])
    const parts = Array.from({ length: count }, (_, index) => this.#field(table, depth + 1, index))
    const reach = (viewer: Viewer): void => {
      for (const part of parts) part.reach(viewer)
    }
    const text = `{ id ${parts.map((part) => part.text).join(' ')} }`
    if (random.next() < 0.85) return { text, reach }
    const name = `F${this.fragments.length}`
    this.fragments.push(`fragment ${name} on ${table} ${text}`)
    return { text: `{ ...${name} }`, reach }
  }

  #field(table: string, depth: number, index: number): Part {
    const random = this.#random
    const alias = `f${index}: `
    const part = this.#fieldOf(table, depth)
    if (random.next() < 0.85) return { text: alias + part.text, reach: part.reach }
    const whether = this.#slot('Boolean!', [
      { json: true, reach: part.reach },
      { json: false, reach: NOTHING },
    ])
    const [, head = '', rest = ''] = /^([^{]*)(.*)$/s.exec(part.text) ?? []
    const isPlain = !head.includes('(')
    if (!isPlain)
      return {
        text: `... @include(if: ${whether.text}) { ${alias}${part.text} }`,
        reach: whether.reach,
      }
    return { text: `${alias}${head} @include(if: ${whether.text}) ${rest}`, reach: whether.reach }
  }

  #fieldOf(table: string, depth: number): Part {
    const random = this.#random
    const { remoteSchemas } = this.#project
    const target = this.#project.someTable()
    const { parent, related } = this.#project.tableNamed(table)
    const luck = random.next()
    if (luck < 0.4) {
      const rows = this.#rows(target, depth)
      return { text: `to_${target}${rows.arguments} ${rows.text}`, reach: rows.reach }
    }
    if (luck < 0.5) {
      const rows = this.#rows(target, depth)
      return {
        text: `to_${target}_aggregate${rows.arguments} { nodes ${rows.text} }`,
        reach: rows.reach,
      }
    }
    if (luck < 0.65) {
      const selection = this.#selection(parent, depth)
      return { text: `parent ${selection.text}`, reach: within(parent, selection.reach) }
    }
    if (luck < 0.75) return { text: 'full_name', reach: (viewer) => viewer.see('any') }
    if (luck < 0.77)
      return { text: 'is_mine', reach: (viewer) => showAll(viewer, ['any', 'session']) }
    if (luck < 0.95 || remoteSchemas.length === 0) {
      const rows = this.#rows(related, depth)
      return {
        text: `related${rows.arguments} ${rows.text}`,
        reach: (viewer) => {
          viewer.see('any')
          rows.reach(viewer)
        },
      }
    }
    const service = pick(random, remoteSchemas)
    const { reach } = this.#serviceRoot(service, '')
    return { text: `far_${service.name} { outcome }`, reach }
  }

  #whereArgument(table: string): Part {
    const random = this.#random
    if (random.next() < 0.6) {
      const { json, reach } = this.#where(table, 0)
      return { text: literal(json), reach }
    }
    const values = Array.from({ length: 3 }, () => this.#where(table, 0))
    return this.#slot(`${table}_bool_exp`, values)
  }

  #where(table: string, depth: number): { readonly json: object; readonly reach: Part['reach'] } {
    const random = this.#random
    const target = this.#project.someTable()
    const luck = depth >= DEPTH_MAX ? 0 : random.next()
    if (luck < 0.4) {
      return { json: { id: { _eq: between(random, 1, 3) } }, reach: NOTHING }
    }
    if (luck < 0.7) {
      const inner = this.#where(target, depth + 1)
      return { json: { [`to_${target}`]: inner.json }, reach: within(target, inner.reach) }
    }
    if (luck < 0.78) {
      const inner = this.#where(target, depth + 1)
      const json = {
        [`to_${target}_aggregate`]: { count: { predicate: { _gt: 1 }, filter: inner.json } },
      }
      return { json, reach: within(target, inner.reach) }
    }
    if (luck < 0.83) {
      return { json: { full_name: { _eq: 'x' } }, reach: (viewer) => viewer.see('any') }
    }
    if (luck < 0.84) {
      const reach = (viewer: Viewer): void => showAll(viewer, ['any', 'session'])
      return { json: { is_mine: { _eq: true } }, reach }
    }
    const parts = [this.#where(table, depth + 1), this.#where(table, depth + 1)]
    const operator = pick(random, ['_and', '_or'])
    return {
      json: { [operator]: parts.map(({ json }) => json) },
      reach: (viewer) => {
        for (const part of parts) part.reach(viewer)
      },
    }
  }

  #order(table: string): Part {
    const { parent } = this.#project.tableNamed(table)
    if (this.#random.next() < 0.5) return { text: 'order_by: {id: asc}', reach: NOTHING }
    return { text: 'order_by: {parent: {id: desc}}', reach: within(parent, NOTHING) }
  }

  #slot(type: string, values: Slot['values']): Part {
    const name = `v${this.slots.length}`
    this.slots.push({ name, type, values })
    return {
      text: `$${name}`,
      reach: (viewer) => values[viewer.choices.get(name) ?? 0]?.reach(viewer),
    }
  }
}

function unknownRoot({ remoteSchemas }: Project): Part {
  const uses = [
    'any',
    'session',
    ...(remoteSchemas.some(({ forwardsHeaders }) => forwardsHeaders) ? ['headers'] : []),
  ]
  return { text: 'mystery { id }', reach: (viewer) => showAll(viewer, uses) }
}

function seeRows(viewer: Viewer, table: string): void {
  const { project, role } = viewer
  showAll(viewer, project.filterUses(table, role))
  showAll(viewer, project.rowUses(table))
}

function within(table: string, reach: Part['reach']): Part['reach'] {
  return (viewer) => {
    seeRows(viewer, table)
    reach(viewer)
  }
}

function showAll(viewer: Viewer, uses: readonly Use[]): void {
  for (const use of uses) viewer.see(use)
}

/** As GraphQL writes it: keys without quotes. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).map(([name, inner]) => `${name}: ${literal(inner)}`)
  return `{${fields.join(', ')}}`
}
