/** Of what a subject is made: what is counted together has the same of each. */
export type SubjectPart =
  | { readonly kind: 'user' | 'role' | 'ip' | 'operation' | 'root_field' }
  /** Of the session; the name in lower case. */
  | { readonly kind: 'variable'; readonly name: string }
  /** Of the request, an API key for one; the name in lower case. */
  | { readonly kind: 'header'; readonly name: string }

const WORDS = ['user', 'role', 'ip', 'operation', 'root_field'] as const
const VARIABLE = /^x-hasura-[a-z0-9_-]{1,64}$/
const HEADER = /^header:([a-z0-9_-]{1,64})$/

/** `user`, `x-hasura-org-id`, `header:x-api-key`; `undefined` for what is none. */
export function parseSubjectPart(text: string): SubjectPart | undefined {
  const word = WORDS.find((known) => known === text)
  if (word !== undefined) return { kind: word }
  const lower = text.toLowerCase()
  if (lower === 'x-hasura-role') return { kind: 'role' }
  if (VARIABLE.test(lower)) return { kind: 'variable', name: lower }
  const [, header] = HEADER.exec(lower) ?? []
  return header === undefined ? undefined : { kind: 'header', name: header }
}

/** As the configuration writes it. */
export function subjectPartText(part: SubjectPart): string {
  if (part.kind === 'header') return `header:${part.name}`
  return part.kind === 'variable' ? part.name : part.kind
}
