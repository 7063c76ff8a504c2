import { z } from 'zod'
import type { ValueType } from './value-types.ts'

/** What is known of an option besides its schema. */
export interface OptionInfo {
  readonly doc: string
  /** Ends the sentence "expected …". */
  readonly expected: string
  /** As a file would write it; `undefined` when the option has none. */
  readonly default: unknown
  readonly isRequired: boolean
  /** Environment variables that set it, the first that is present wins. */
  readonly env: readonly EnvVariable[]
  /** The command line flag that sets it, without the dashes. */
  readonly flag: string | undefined
  /** Never shown; `<variable>_FILE` names a file that holds it. */
  readonly isSecret: boolean
  readonly fromText: (text: string) => unknown
}

export interface EnvVariable {
  readonly name: string
  /** When the variable is written otherwise than the file: another unit, JSON. */
  readonly fromText: (text: string) => unknown
}

/** A variable that Hasura reads as a plain number of `unit`. */
export const numberOf = (variable: string, unit: string): EnvVariable => ({
  name: variable,
  fromText: (text) => (/^\d+$/.test(text) ? `${text}${unit}` : text),
})

export interface OptionSpec {
  readonly doc: string
  readonly env?: readonly (string | EnvVariable)[]
  readonly flag?: string
  readonly isSecret?: boolean
}

const infos = z.registry<OptionInfo>()

/** What `option`, `optionalOption` or `requiredOption` said of a schema; `undefined` for a section. */
export function optionInfo(schema: z.core.$ZodType): OptionInfo | undefined {
  return infos.get(schema)
}

export function option<Schema extends z.ZodType>(
  type: ValueType<Schema>,
  spec: OptionSpec & { readonly default: z.input<Schema> },
): z.ZodPrefault<Schema> {
  const schema = type.schema.prefault(spec.default).describe(spec.doc)
  infos.add(schema, infoOf(type, spec, { default: spec.default, isRequired: false }))
  return schema
}

/** Off or decided elsewhere when it is not given. */
export function optionalOption<Schema extends z.ZodType>(
  type: ValueType<Schema>,
  spec: OptionSpec,
): z.ZodOptional<Schema> {
  const schema = type.schema.optional().describe(spec.doc)
  infos.add(schema, infoOf(type, spec, { default: undefined, isRequired: false }))
  return schema
}

/** For the fields of a rule: a rule without it means nothing. */
export function requiredOption<Schema extends z.ZodType>(
  type: ValueType<Schema>,
  spec: OptionSpec,
): Schema {
  // A schema belongs to one option; types such as `text` are shared between many.
  const schema = type.schema.clone().describe(spec.doc)
  infos.add(schema, infoOf(type, spec, { default: undefined, isRequired: true }))
  return schema
}

function infoOf(
  type: ValueType,
  spec: OptionSpec,
  presence: Pick<OptionInfo, 'default' | 'isRequired'>,
): OptionInfo {
  return {
    ...presence,
    doc: spec.doc,
    expected: type.expected,
    env: (spec.env ?? []).map((variable) =>
      typeof variable === 'string' ? { name: variable, fromText: type.fromText } : variable,
    ),
    flag: spec.flag,
    isSecret: spec.isSecret ?? false,
    fromText: type.fromText,
  }
}
