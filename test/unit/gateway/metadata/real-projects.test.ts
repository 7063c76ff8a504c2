import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { parseCatalog } from '../../../../src/gateway/metadata/catalog.ts'
import { buildModel, parseExport } from '../../../../src/gateway/metadata/hasura-metadata.ts'
import type { MetadataModel } from '../../../../src/gateway/metadata/metadata-model.ts'
import { MetadataPlanner } from '../../../../src/gateway/metadata/metadata-planner.ts'
import { safePlanner } from '../../../../src/gateway/metadata/safe-planner.ts'
import { readMetadataDirectory } from '../../../../src/shared/metadata-directory.ts'
import { catalogText, type TestForeignKey } from '../../../support/catalog-text.ts'
import { operationOf } from '../../../support/prepare.ts'

const FIXTURES = resolve('../shared/fixtures')
const hasFixtures = existsSync(FIXTURES)
const projects = hasFixtures ? readdirSync(join(FIXTURES, 'metadata')) : []
const LIMITS = { depthMax: 50, nodesMax: 1_000, tokensMax: 10_000 }

const documents = z.array(
  z.object({
    file: z.string(),
    metadata: z.string().nullable(),
    operations: z.array(
      z.object({ type: z.string(), name: z.string().nullable(), root_fields: z.array(z.string()) }),
    ),
    unresolved_fragments: z.array(z.string()),
  }),
)

function readDocuments(): z.output<typeof documents> {
  if (!hasFixtures) return []
  return documents.parse(JSON.parse(readFileSync(join(FIXTURES, 'operations/index.json'), 'utf8')))
}

const arrayRelationships = z.object({
  table: z.object({ schema: z.string(), name: z.string() }),
  array_relationships: z
    .array(z.object({ using: z.object({ foreign_key_constraint_on: z.unknown().optional() }) }))
    .default([]),
})
const foreignKey = z.object({
  column: z.string(),
  table: z.object({ schema: z.string(), name: z.string() }),
})

/** The foreign keys that array relationships give away, for the object relationships the other way. */
function foreignKeysIn(tables: readonly unknown[]): readonly TestForeignKey[] {
  return tables.flatMap((value) => {
    const { table: to, array_relationships: arrays } = arrayRelationships.parse(value)
    return arrays.flatMap(({ using }) => {
      const key = foreignKey.safeParse(using.foreign_key_constraint_on)
      if (!key.success) return []
      const { column, table: from } = key.data
      return [{ from: qualified(from), columns: [column], to: qualified(to) }]
    })
  })
}

function qualified({ schema, name }: { schema: string; name: string }): string {
  return `${schema}.${name}`
}

/** With every tracked table in the catalog, as a plain one. */
function modelOf(project: string): MetadataModel {
  const metadata = readMetadataDirectory(join(FIXTURES, 'metadata', project, 'metadata'))
  const read = parseExport({ resource_version: 1, metadata })
  const [source] = z.array(z.object({ tables: z.array(z.unknown()) })).parse(read.metadata.sources)
  const tables = [...buildModel(read, new Map()).tables.values()].map(({ name }) => qualified(name))
  const foreignKeys = foreignKeysIn(source?.tables ?? [])
  const catalog = parseCatalog(catalogText({ tables, foreignKeys }))
  return buildModel(read, new Map([['default', catalog]]))
}

/** Operations of a document that can be read by itself. */
function operationsIn(document: z.output<typeof documents>[number]) {
  if (document.unresolved_fragments.length > 0) return []
  const text = readFileSync(join(FIXTURES, 'operations', document.file), 'utf8')
  return document.operations.map(({ name, root_fields: rootFields }) => ({
    operation: operationOf(text, { ...LIMITS, ...(name === null ? {} : { operationName: name }) }),
    rootFields,
  }))
}

describe.skipIf(!hasFixtures)('metadata of real projects (../shared/fixtures)', () => {
  it.each(projects)('%s is understood but for where foreign keys lead', (project) => {
    const { tables, cautions } = modelOf(project)
    expect(tables.size).toBeGreaterThan(0)
    expect(cautions.filter((caution) => !caution.startsWith('where the relationship'))).toEqual([])
  })
})

/** Every string in a filter that names a session variable: looked for in its text, not in its structure. */
function scanned(filter: unknown): readonly string[] {
  const texts = JSON.stringify(filter).match(/"x-hasura-[^"]*"|"req_user_id"/gi) ?? []
  const names = texts.map((text) => text.slice(1, -1).toLowerCase())
  const full = names.map((name) => (name === 'req_user_id' ? 'x-hasura-user-id' : name))
  return [...new Set(full)].filter((name) => name !== 'x-hasura-role').sort()
}

describe.skipIf(!hasFixtures)('permissions of real projects (../shared/fixtures)', () => {
  it.each(projects)('of %s bring in the session variables that their filters name', (project) => {
    const model = modelOf(project)
    const planner = new MetadataPlanner(model)
    const rootFields = new Map<string, string>()
    for (const [name, meanings] of model.queryFields) {
      for (const field of meanings) {
        if (field.kind === 'select' && field.shape === 'rows') rootFields.set(field.table, name)
      }
    }
    for (const table of model.tables.values()) {
      const operation = operationOf(`{ ${rootFields.get(table.id) ?? 'none'} { __typename } }`)
      for (const [role, filter] of table.selectFilters) {
        const { sessionVariables, reads } = planner.plan(operation, role, undefined)
        expect([table.id, role, sessionVariables]).toEqual([table.id, role, scanned(filter)])
        expect(reads).toContain(`table:${table.id}`)
      }
    }
  })

  it('are enough to tell', () => {
    const tables = projects.flatMap((project) => [...modelOf(project).tables.values()])
    const filters = tables.flatMap(({ selectFilters }) => [...selectFilters.values()])
    const naming = filters.filter((filter) => scanned(filter).length > 0)
    expect(filters.length).toBeGreaterThan(40)
    expect(naming.length).toBeGreaterThan(0)
  })
})

/** The tables that a root field of these projects can mean, by how Hasura names fields; none renames them. */
function tablesNamed(model: MetadataModel, rootField: string): readonly string[] {
  const name = rootField
    .replace(/^(insert|update|delete)_/, '')
    .replace(/_(aggregate|by_pk|one|many)$/, '')
  const names = new Set([name, rootField])
  return [...model.tables.values()]
    .filter(({ name: table }) =>
      [table.name, `${table.schema}_${table.name}`].some((one) => names.has(one)),
    )
    .map(({ id }) => id)
}

describe.skipIf(!hasFixtures)('operations of real projects (../shared/fixtures)', () => {
  const all = readDocuments()
  const models = new Map(projects.map((project) => [project, modelOf(project)]))

  it.each(all.filter(({ metadata }) => metadata !== null))(
    '$file has root fields that the metadata of $metadata explains',
    (document) => {
      const model = models.get(document.metadata ?? '')
      if (model === undefined) throw new Error('a project of the fixtures')
      const planner = new MetadataPlanner(model)
      for (const { operation, rootFields } of operationsIn(document)) {
        const plan = planner.plan(operation, 'admin', undefined)
        if (operation.kind === 'subscription') continue
        const fields = operation.kind === 'query' ? model.queryFields : model.mutationFields
        expect(rootFields.filter((field) => !fields.has(field))).toEqual([])
        expect([...plan.reads, ...plan.writes]).not.toEqual([])
        // No filter holds an admin back; an action may answer each session something else.
        expect(plan.sessionVariables).toEqual(plan.uncacheable === undefined ? [] : 'all')
      }
    },
  )

  it('are planned for any role by any metadata', () => {
    const planners = [
      safePlanner,
      ...[...models.values()].map((model) => new MetadataPlanner(model)),
    ]
    const operations = all.flatMap(operationsIn)
    expect(operations.length).toBeGreaterThan(100)
    for (const { operation } of operations) {
      for (const planner of planners) {
        for (const role of ['admin', 'user', 'guest', 'nobody']) {
          const { writes } = planner.plan(operation, role, undefined)
          expect(writes.length > 0).toBe(operation.kind === 'mutation')
        }
      }
    }
  })

  it('are shared, or there is a reason why they are not', () => {
    const counts = { shared: 0, byVariables: 0, bySession: 0, uncacheable: 0 }
    const reasons = new Map<string, number>()
    for (const document of all) {
      const model = models.get(document.metadata ?? '')
      if (model === undefined) continue
      const planner = new MetadataPlanner(model)
      const roles = [...model.tables.values()].flatMap(({ selectFilters }) => [
        ...selectFilters.keys(),
      ])
      for (const { operation } of operationsIn(document)) {
        if (operation.kind !== 'query') continue
        for (const role of new Set(['admin', ...roles])) {
          const { plan, sessionVariables, uncacheable } = planner.explain(
            operation,
            role,
            undefined,
          )
          const isWhole = plan.sessionVariables === 'all'
          if (plan.uncacheable !== undefined) counts.uncacheable += 1
          else if (isWhole) counts.bySession += 1
          else if (plan.sessionVariables.length > 0) counts.byVariables += 1
          else counts.shared += 1
          const told = isWhole ? sessionVariables.filter(({ value }) => value === 'all') : []
          expect(told.length > 0).toBe(isWhole)
          expect(uncacheable.length > 0).toBe(plan.uncacheable !== undefined)
          for (const because of [...told, ...uncacheable].flatMap((reason) => reason.because)) {
            expect(because).not.toBe('')
            reasons.set(because, (reasons.get(because) ?? 0) + 1)
          }
        }
      }
    }
    expect(counts.shared).toBeGreaterThan(0)
    const listed = [...reasons].map(([because, count]) => `  ${count} ${because}`)
    process.stdout.write(
      `queries by role: ${JSON.stringify(counts)}\nlisted with reason:\n${listed.join('\n')}\n`,
    )
  })

  it('have root fields that mean the tables they are named for, or are actions', () => {
    const kinds = new Set<string>()
    let count = 0
    for (const document of all) {
      const model = models.get(document.metadata ?? '')
      if (model === undefined) continue
      for (const { operation, rootFields } of operationsIn(document)) {
        if (operation.kind === 'subscription') continue
        const fields = operation.kind === 'query' ? model.queryFields : model.mutationFields
        for (const rootField of rootFields) {
          count += 1
          const meanings = fields.get(rootField) ?? []
          const read = meanings.flatMap((field) => ('table' in field ? [field.table] : []))
          expect(tablesNamed(model, rootField)).toEqual(expect.arrayContaining(read))
          for (const { kind } of meanings) kinds.add(kind)
        }
      }
    }
    expect(count).toBeGreaterThan(40)
    expect([...kinds].sort()).toEqual(['action', 'select', 'write'])
  })
})
