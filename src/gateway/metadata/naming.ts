import type { ObjectName } from './export-schema.ts'

export type NamingConvention = 'hasura-default' | 'graphql-default'

/** How a source names its root fields (hasura/graphql-engine, RQL/Types/SourceCustomization.hs). */
export interface SourceNaming {
  /** Which names are possible: without one in the metadata, an environment variable of Hasura's decides. */
  readonly conventions: readonly NamingConvention[]
  readonly prefix: string
  readonly suffix: string
  /** The schema whose tables go by their bare name. */
  readonly defaultSchema: string
}

export interface NamedObject {
  readonly name: ObjectName
  readonly customName: string | undefined
}

/** What stands around the name of the table: `insert_` and `_one`, `insert` and `One`. */
export interface Affixes {
  readonly before: string
  readonly after: readonly string[]
}

/** Every name a root field may have under the source's conventions, customised. */
export function rootFieldNames(
  named: NamedObject,
  affixes: Affixes,
  naming: SourceNaming,
): readonly string[] {
  const names = naming.conventions.map((convention) =>
    customised(conventionalName(named, affixes, naming, convention), naming, convention),
  )
  return [...new Set(names)]
}

/** A name given in `custom_root_fields`: verbatim but for the source's prefix and suffix. */
export function customRootFieldNames(name: string, naming: SourceNaming): readonly string[] {
  return [...new Set(naming.conventions.map((convention) => customised(name, naming, convention)))]
}

/** `some_name` as graphql-default writes it: someName. */
export function camelCase(name: string): string {
  return joinParts(snakeParts(name))
}

function conventionalName(
  { name, customName }: NamedObject,
  { before, after }: Affixes,
  { defaultSchema }: SourceNaming,
  convention: NamingConvention,
): string {
  const isBare = name.schema === defaultSchema || name.schema === ''
  if (convention === 'hasura-default') {
    const base =
      customName ?? (isBare ? name.name : `${name.schema.replaceAll('.', '_')}_${name.name}`)
    return [...(before === '' ? [] : [before]), base, ...after].join('_')
  }
  const schemaParts = isBare ? [] : snakeParts(name.schema)
  const parts = customName === undefined ? [...schemaParts, ...snakeParts(name.name)] : [customName]
  if (before !== '') return joinParts([before, ...parts, ...after])
  // A custom name is one word, whose first letter stays as it is.
  return customName === undefined
    ? joinParts([...parts, ...after])
    : customName + after.map(upperFirst).join('')
}

/** A leading underscore stays with the first part. */
function snakeParts(name: string): readonly string[] {
  const [lead = ''] = /^_*/.exec(name) ?? []
  const parts = name
    .slice(lead.length)
    .split('_')
    .filter((part) => part !== '')
  return parts.length === 0 ? [name] : [lead + (parts[0] ?? ''), ...parts.slice(1)]
}

function joinParts([first = '', ...rest]: readonly string[]): string {
  return lowerFirst(first) + rest.map(upperFirst).join('')
}

function customised(
  name: string,
  { prefix, suffix }: SourceNaming,
  convention: NamingConvention,
): string {
  if (convention === 'hasura-default') return prefix + name + suffix
  return (prefix === '' ? name : prefix + upperFirst(name)) + upperFirst(suffix)
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
