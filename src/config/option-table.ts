import { z } from 'zod'
import { type OptionInfo, optionInfo } from './option.ts'
import { configSchema } from './schema.ts'

/** An option and where it stands: `server.port`; fields of rules as `cache.rules[].ttl`. */
export interface TableRow extends OptionInfo {
  readonly path: string
}

export interface Section {
  readonly name: string
  readonly doc: string
  readonly options: readonly TableRow[]
}

/** The schema as a table, in its own order. */
export function configSections(): readonly Section[] {
  return Object.entries(configSchema.shape).map(([name, schema]) => ({
    name,
    doc: schema.description ?? '',
    options: rowsOf(schema, name),
  }))
}

/** The schema of what stands at `path`, with the nearest option on the way to it. */
export function findOption(path: readonly PropertyKey[]): {
  readonly schema: z.core.$ZodType | undefined
  readonly option: OptionInfo | undefined
} {
  let schema: z.core.$ZodType | undefined = configSchema
  let option: OptionInfo | undefined
  for (const step of path) {
    if (schema === undefined) break
    schema = childSchema(schema, step)
    option = (schema && optionInfo(schema)) ?? option
  }
  return { schema, option }
}

/** Keys allowed in the mapping that `schema` describes; empty when it describes none. */
export function knownKeys(schema: z.core.$ZodType | undefined): readonly string[] {
  const inner = schema && unwrap(schema)
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : []
}

function rowsOf(schema: z.core.$ZodType, path: string): readonly TableRow[] {
  const info = optionInfo(schema)
  const row = info === undefined ? [] : [{ ...info, path }]
  const inner = unwrap(schema)
  if (inner instanceof z.ZodArray) return [...row, ...rowsOf(inner.element, `${path}[]`)]
  if (!(inner instanceof z.ZodObject)) return row
  const fields: readonly (readonly [string, z.core.$ZodType])[] = Object.entries(inner.shape)
  return [...row, ...fields.flatMap(([key, field]) => rowsOf(field, `${path}.${key}`))]
}

function childSchema(schema: z.core.$ZodType, step: PropertyKey): z.core.$ZodType | undefined {
  const inner = unwrap(schema)
  if (inner instanceof z.ZodArray) return inner.element
  if (inner instanceof z.ZodObject) return inner.shape[String(step)]
  return undefined
}

/** Without the wrappers that defaults and optional options put around what they hold. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const isWrapper =
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodReadonly
  return isWrapper ? unwrap(schema.unwrap()) : schema
}
