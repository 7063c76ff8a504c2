/**
 * A piece of SQL with its parameters still in place, so that pieces can be put together before the
 * `$n` are counted. A value from a request or a session can only get in through `parameter`.
 */
export interface Sql {
  /** One more than there are parameters: the text around them. */
  readonly texts: readonly string[]
  readonly parameters: readonly (string | null)[]
}

export function sql(texts: TemplateStringsArray, ...parts: readonly Sql[]): Sql {
  return glue(texts, parts)
}

/**
 * Every parameter travels as text and is cast by Postgres: a bigint keeps its digits, and a value
 * that does not fit gets Postgres' own message.
 */
export function parameter(value: string | null, sqlType: string): Sql {
  return { texts: ['($', `::text)::${sqlType}`], parameters: [value] }
}

/** For text that comes from this program or from the catalogue, never from a request. */
export function raw(text: string): Sql {
  return { texts: [text], parameters: [] }
}

export function identifier(name: string): Sql {
  return raw(`"${name.replaceAll('"', '""')}"`)
}

/** A string constant; for GraphQL names, which have no quote in them, and metadata. */
export function literal(text: string): Sql {
  return raw(`'${text.replaceAll("'", "''")}'`)
}

export function qualified(name: { readonly schema: string; readonly name: string }): Sql {
  return sql`${identifier(name.schema)}.${identifier(name.name)}`
}

export function join(parts: readonly Sql[], separator = ', '): Sql {
  const between = parts.map((_part, index) => (index === 0 ? '' : separator))
  return glue([...between, ''], parts)
}

export const NOTHING = raw('')

export function render({ texts, parameters }: Sql): {
  text: string
  parameters: (string | null)[]
} {
  const text = texts.map((part, index) => (index === 0 ? part : `${index}${part}`)).join('')
  return { text, parameters: [...parameters] }
}

function glue(between: readonly string[], parts: readonly Sql[]): Sql {
  const texts = [between[0] ?? '']
  const parameters: (string | null)[] = []
  parts.forEach((part, index) => {
    part.texts.forEach((text, at) => {
      if (at === 0) texts[texts.length - 1] += text
      else texts.push(text)
    })
    parameters.push(...part.parameters)
    texts[texts.length - 1] += between[index + 1] ?? ''
  })
  return { texts, parameters }
}
