import { z } from 'zod'
import { type JwtSecret, JwtSecretError, parseJwtSecret } from '../gateway/index.ts'

export const adminSecrets = {
  schema: z.array(z.string().min(1)).readonly(),
  expected: 'a list of texts that are not empty',
  fromText: parseJson,
}

/** HASURA_GRAPHQL_ADMIN_SECRET holds one secret as it is. */
export const oneAdminSecret = (value: string): unknown => [value]

export const sessionSecrets = {
  schema: z.array(z.string().min(32)).readonly(),
  expected: 'a list of texts of at least 32 characters',
  fromText: parseJson,
}

/** GERBANG_SESSION_SECRET holds one secret as it is. */
export const oneSessionSecret = (value: string): unknown => [value]

/** An object, or a text that holds one in JSON. */
const jwtSecret = z.unknown().transform((value, context): JwtSecret => {
  try {
    return parseJwtSecret(value)
  } catch (error) {
    if (!(error instanceof JwtSecretError)) throw error
    const message = error.key === '' ? error.message : `${error.key}: ${error.message}`
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  }
})

export const jwtSecrets = {
  schema: z.array(jwtSecret).readonly(),
  expected: 'a list of objects as in HASURA_GRAPHQL_JWT_SECRET',
  fromText: parseJson,
}

/** HASURA_GRAPHQL_JWT_SECRET holds one object in JSON. */
export const oneJwtSecret = (value: string): unknown => [value]

/** What is no JSON stays what it is: the schema refuses it, and its text is not repeated. */
function parseJson(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
