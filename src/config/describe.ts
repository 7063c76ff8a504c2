import { stringify } from 'yaml'
import { z } from 'zod'
import { configSections, type Section, type TableRow } from './option-table.ts'
import { REFUSED_VARIABLES } from './overlay.ts'
import { configSchema } from './schema.ts'

/** docs/CONFIG.md */
export function renderConfigDocs(): string {
  const intro = [
    '# Configuration',
    '',
    'Made from the tables in `src/config/sections/` by `npm run docs`; edit those.',
    '',
    'A file in YAML (`--config` or `GERBANG_CONFIG`), then environment variables, then flags: the later one',
    'wins. [`config/gerbang.yaml`](../config/gerbang.yaml) has every option with its default, and',
    '[`config/gerbang.schema.json`](../config/gerbang.schema.json) lets an editor check and complete it.',
    'All mistakes are reported at once, and a configuration with one never starts. A secret `X` can also',
    'come from the file that the variable `X_FILE` names.',
  ]
  const sections = configSections().flatMap(sectionDocs)
  return `${[...intro, ...sections, ...refusedVariableDocs()].join('\n')}\n`
}

/** config/gerbang.yaml: every option with its default, and what it is for. */
export function renderSampleFile(): string {
  const intro = [
    '# yaml-language-server: $schema=./gerbang.schema.json',
    '#',
    '# Every option of Gerbang with its default. Keep what you change, leave out the rest.',
    '# Environment variables win over this file, flags win over both. A short example: demo.yaml.',
  ]
  return `${[...intro, ...configSections().flatMap(sectionSample)].join('\n')}\n`
}

/** config/gerbang.schema.json: JSON Schema of the file, for editors. */
export function renderJsonSchema(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' })
  // The loader fills in the sections that a file leaves out.
  const whole = { title: 'Gerbang', ...schema, required: [] }
  return `${JSON.stringify(whole, undefined, 2)}\n`
}

function sectionDocs(section: Section): readonly string[] {
  return [
    '',
    `## ${section.name}`,
    '',
    section.doc,
    '',
    '| option | expected | default | variable | flag | what it does |',
    '| --- | --- | --- | --- | --- | --- |',
    ...section.options.map(optionDocs),
  ]
}

function optionDocs(row: TableRow): string {
  const variables = row.env.flatMap(({ name }) => (row.isSecret ? [name, `${name}_FILE`] : [name]))
  const cells = [
    code(row.path),
    row.expected,
    row.default === undefined ? absence(row) : code(JSON.stringify(row.default)),
    variables.map(code).join('<br>'),
    row.flag === undefined ? '' : code(`--${row.flag}`),
    row.doc,
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function refusedVariableDocs(): readonly string[] {
  return [
    '',
    '## Variables that are refused',
    '',
    'Variables of Hasura that are not on this page are for Hasura alone, and may stand in the gateway’s environment.',
    'These may not, where they would be expected to keep someone out:',
    '',
    '| variable | why |',
    '| --- | --- |',
    ...REFUSED_VARIABLES.map(({ name, message }) => `| ${code(name)} | ${message} |`),
  ]
}

function absence(row: TableRow): string {
  return row.isRequired ? 'required' : ''
}

function code(text: string): string {
  return `\`${text}\``
}

function sectionSample(section: Section): readonly string[] {
  return ['', comment(section.doc), `${section.name}:`, ...section.options.flatMap(optionSample)]
}

const ONE_LINE = { collectionStyle: 'flow', lineWidth: 0 } as const

function optionSample(row: TableRow): readonly string[] {
  const [, key = '', field] = /^[^.]+\.([^.[]+)(?:\[\]\.(.+))?$/.exec(row.path) ?? []
  if (field !== undefined) return fieldSample(field, row)
  const value = row.default === undefined ? undefined : stringify(row.default, ONE_LINE).trim()
  const sources = [...row.env.map(({ name }) => name), ...(row.flag ? [`--${row.flag}`] : [])]
  return [
    '',
    ...wrap(row.doc, '  # '),
    ...wrap([capitalise(row.expected), ...sources].join('; '), '  # '),
    value === undefined ? `  # ${key}:` : `  ${key}: ${value}`,
  ]
}

/** A field of a rule. Rules have no default, so that there is only a comment to write. */
function fieldSample(field: string, row: TableRow): readonly string[] {
  const presence = row.isRequired ? 'required, ' : ''
  return [...wrap(`${field}: ${presence}${row.expected}`, '  #   '), ...wrap(row.doc, '  #       ')]
}

const LINE_LENGTH_MAX = 100

function wrap(text: string, prefix: string): readonly string[] {
  const line = new RegExp(`(.{1,${LINE_LENGTH_MAX - prefix.length}})(?:\\s|$)`, 'g')
  return [...text.matchAll(line)].map(([, words = '']) => `${prefix}${words}`)
}

function comment(text: string): string {
  return `# ${text}`
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
