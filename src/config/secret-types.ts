import { z } from 'zod'

const secret = z.string().min(1)

export const adminSecrets = {
  schema: z.array(secret).readonly(),
  expected: 'a list of texts that are not empty',
  fromText: parseJson,
}

/** HASURA_GRAPHQL_ADMIN_SECRET holds one secret as it is. */
export const oneAdminSecret = (value: string): unknown => [value]

/** Read further by the gateway, which knows what Hasura accepts. */
export const jwtSecrets = {
  schema: z.array(z.union([z.string(), z.record(z.string(), z.unknown())])).readonly(),
  expected: 'a list of objects as in HASURA_GRAPHQL_JWT_SECRET',
  fromText: parseJson,
}

/** HASURA_GRAPHQL_JWT_SECRET holds one object in JSON. */
export const oneJwtSecret = (value: string): unknown => [parseJson(value)]

/** Text that is no JSON stays text, which the schema then refuses without repeating it. */
function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}
