import { RequestError } from './errors.ts'

/** Who asks: a role and the session variables that go with it. */
export interface Session {
  readonly role: string
  /** By lower-case name. */
  readonly variables: ReadonlyMap<string, string>
}

export const VARIABLE_PREFIX = 'x-hasura-'
export const ROLE_VARIABLE = 'x-hasura-role'

export function sessionVariable(session: Session, name: string): string {
  const value = session.variables.get(name)
  if (value === undefined) {
    throw new RequestError('not-found', `missing session variable: ${JSON.stringify(name)}`)
  }
  return value
}
