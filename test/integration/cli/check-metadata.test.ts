import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  MetadataDirectoryError,
  readMetadataDirectory,
} from '../../../src/shared/metadata-directory.ts'
import { CliProcess } from '../../support/cli-process.ts'

let folder: string
let count = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gerbang-metadata-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A directory of its own with these files. */
function directoryOf(files: Readonly<Record<string, string>>): string {
  count += 1
  const directory = join(folder, String(count))
  mkdirSync(directory)
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return directory
}

const ORDERS = `
table: { schema: public, name: orders }
select_permissions:
  - role: user
    permission: { columns: '*', filter: { user_id: { _eq: X-Hasura-User-Id } } }
`
const PROJECT = {
  'version.yaml': 'version: 3',
  'databases/databases.yaml': `
- name: default
  kind: postgres
  configuration: {}
  tables: "!include default/tables/tables.yaml"
`,
  'databases/default/tables/tables.yaml':
    '- "!include public_orders.yaml"\n- !include public_orders.yaml',
  'databases/default/tables/public_orders.yaml': ORDERS,
  'actions.yaml': `
actions:
  - { name: ask, definition: { kind: '', handler: x } }
  - { name: act, definition: { kind: synchronous, handler: x } }
custom_types: { objects: [{ name: Answer }] }
`,
  'actions.graphql': 'type Query { ask: Answer } type Mutation { act: Answer }',
  'allow_list.yaml': '[]',
  'rest_endpoints.yaml': '[{ name: r }]',
}

describe('the metadata directory of the Hasura CLI', () => {
  it('reads as Hasura exports it', () => {
    const { sources, actions, ...others } = readMetadataDirectory(directoryOf(PROJECT))
    expect(sources).toEqual([
      expect.objectContaining({
        name: 'default',
        tables: [1, 2].map(() =>
          expect.objectContaining({ table: { schema: 'public', name: 'orders' } }),
        ),
      }),
    ])
    expect(actions).toEqual([
      { name: 'ask', definition: { kind: '', handler: 'x', type: 'query' } },
      { name: 'act', definition: { kind: 'synchronous', handler: 'x', type: 'mutation' } },
    ])
    expect(others).toEqual({
      version: 3,
      custom_types: { objects: [{ name: 'Answer' }] },
      rest_endpoints: [{ name: 'r' }],
    })
  })

  it('is also read in the layout of version 2', () => {
    const directory = directoryOf({
      'version.yaml': 'version: 2',
      'tables.yaml': `- ${ORDERS.trim().replaceAll('\n', '\n  ')}`,
    })
    expect(readMetadataDirectory(directory)['sources']).toEqual([
      {
        name: 'default',
        kind: 'postgres',
        tables: [expect.objectContaining({ table: { schema: 'public', name: 'orders' } })],
      },
    ])
  })

  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['nothing', {}, /holds neither databases\/databases\.yaml nor tables\.yaml/],
    ['no YAML', { 'tables.yaml': '- [' }, /tables\.yaml is no YAML/],
    ['a missing file', { 'tables.yaml': '- "!include gone.yaml"' }, /gone\.yaml cannot be read/],
    ['a file outside', { 'tables.yaml': '- "!include ../../x.yaml"' }, /is outside/],
    ['a circle', { 'tables.yaml': '- "!include tables.yaml"' }, /includes itself/],
    ['no list', { 'databases/databases.yaml': 'a: b' }, /no list of sources/],
    [
      'no schema',
      { 'tables.yaml': '[]', 'actions.yaml': 'actions: [{}]', 'actions.graphql': '{' },
      /actions\.graphql cannot/,
    ],
  ])('is refused by name when it holds %s', (_, files, message) => {
    expect(() => readMetadataDirectory(directoryOf(files))).toThrow(MetadataDirectoryError)
    expect(() => readMetadataDirectory(directoryOf(files))).toThrow(message)
  })
})

describe('gerbang check --metadata', () => {
  const check = (directory: string, ...more: readonly string[]) =>
    new CliProcess(['check', '--metadata', directory, ...more], {
      HASURA_GRAPHQL_ENDPOINT: 'http://127.0.0.1:9',
      HASURA_GRAPHQL_ADMIN_SECRET: 'secret',
    })

  it('tells what it means without Hasura', async () => {
    const directory = directoryOf(PROJECT)
    const cli = check(directory)
    expect(await cli.ended()).toBe(0)
    expect(cli.errors).toBe('')
    expect(cli.output).toContain('http://127.0.0.1:9: not asked')
    expect(cli.output).toContain(`${directory}, 2 roles`)
    expect(cli.output).toMatch(/user +public\.orders +the whole session +any table, public\.orders/)
    expect(cli.output).toContain('With caution:\n  no database was asked for its catalog')
    expect(cli.output).toContain('shared with nobody, but for what metadata.views declares')
  })

  it('tells what is shared when the configuration declares it', async () => {
    const directory = directoryOf({
      ...PROJECT,
      'gerbang.yaml': 'metadata: { views: [{ name: orders, reads: [orders] }] }',
    })
    const cli = check(directory, '--config', join(directory, 'gerbang.yaml'))
    expect(await cli.ended()).toBe(0)
    expect(cli.output).toMatch(/user +public\.orders +x-hasura-user-id +public\.orders/)
  })

  it('refuses what is no such directory', async () => {
    const cli = check(join(folder, 'nowhere'))
    expect(await cli.ended()).toBe(2)
    expect(cli.errors).toContain('holds neither databases/databases.yaml nor tables.yaml')
  })
})
