import { GatewayError } from '../errors.ts'
import { parseJson as parseUnambiguous } from '../graphql/lossless-json.ts'
import { isJsonObject, type JsonObject, jsonTypeName } from './json.ts'
import { formatJsonPath, type JsonPath, valueAtJsonPath } from './json-path.ts'
import type { ClaimsLocation, ClaimsMap, MappedClaim } from './jwt-secret.ts'

/** What Hasura takes from a token. */
export interface HasuraClaims {
  readonly allowedRoles: readonly string[]
  readonly defaultRole: string
  /** Names in lower case; without the roles, allowed, default or taken. */
  readonly variables: ReadonlyMap<string, string>
}

const VARIABLE_PREFIX = 'x-hasura-'
const ALLOWED_ROLES = 'x-hasura-allowed-roles'
const DEFAULT_ROLE = 'x-hasura-default-role'
/** Never session variables: the role is chosen per request, the others are secrets (mkUserInfo of v2). */
const NEVER_VARIABLES = ['x-hasura-role', 'x-hasura-admin-secret', 'x-hasura-access-key']
const LONE_SURROGATE = /\p{Surrogate}/u
const STRINGIFIED_DEPTH_MAX = 64
const REGISTERED_CLAIMS = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'])

/**
 * Reads the claims of a verified token. Refuses what Hasura refuses, with its codes and messages:
 * parseClaimsMap and parseHasuraClaims of graphql-engine v2.43.
 */
export function readHasuraClaims(claims: JsonObject, location: ClaimsLocation): HasuraClaims {
  const found =
    location.kind === 'map' ? readMappedClaims(claims, location) : readNamespace(claims, location)
  const allowedRoles = readRoles(required(found, ALLOWED_ROLES))
  const defaultRole = readRole(
    required(found, DEFAULT_ROLE),
    `invalid "${DEFAULT_ROLE}"; should be a single role name`,
  )
  const variables = new Map<string, string>()
  for (const [name, value] of found) {
    if (name === ALLOWED_ROLES || name === DEFAULT_ROLE) continue
    const text = readText(value, 'x-hasura-* claims')
    if (!NEVER_VARIABLES.includes(name)) variables.set(name, text)
  }
  return { allowedRoles, defaultRole, variables }
}

type FoundClaims = ReadonlyMap<string, unknown>
type NamespaceLocation = Exclude<ClaimsLocation, ClaimsMap>

function readNamespace(claims: JsonObject, location: NamespaceLocation): FoundClaims {
  // Hasura looks for its namespace among the claims that no RFC has a meaning for.
  const custom = Object.fromEntries(
    Object.entries(claims).filter(([name]) => !REGISTERED_CLAIMS.has(name)),
  )
  const path: JsonPath = location.kind === 'path' ? location.path : [location.namespace]
  const value = valueAtJsonPath(custom, path)
  if (value === undefined) {
    throw invalidClaims(
      location.kind === 'path'
        ? `claims not found at claims_namespace_path: '${formatJsonPath(path)}'`
        : `claims key: '${location.namespace}' not found`,
    )
  }
  const found = new Map<string, unknown>()
  for (const [name, claim] of Object.entries(objectIn(value, location))) {
    const variable = name.toLowerCase()
    if (!variable.startsWith(VARIABLE_PREFIX)) continue
    // Which of the two Hasura takes depends on how its hash map is laid out.
    if (found.has(variable)) throw invalidClaims(`"${variable}" is there in two spellings`)
    found.set(variable, claim)
  }
  return found
}

function objectIn(value: unknown, location: NamespaceLocation): JsonObject {
  if (location.format === 'json') {
    if (isJsonObject(value)) return value
    throw invalidClaims('expecting a json object when claims_format is json')
  }
  if (typeof value !== 'string') {
    throw invalidClaims('expecting a string when claims_format is stringified_json')
  }
  const parsed = parseJson(value)
  if (isJsonObject(parsed)) return parsed
  const where =
    location.kind === 'path'
      ? `claims_namespace_path ${formatJsonPath(location.path)}`
      : `claims_namespace ${location.namespace}`
  // Hasura goes on with what it found instead. Claims are no text for logs.
  throw invalidClaims(`expecting stringified json at: '${where}'`)
}

function readMappedClaims(claims: JsonObject, map: ClaimsMap): FoundClaims {
  const found = new Map<string, unknown>()
  const add = (name: string, claim: MappedClaim<unknown>): boolean => {
    const value = mappedValue(claims, claim)
    if (value !== undefined) found.set(name, value)
    return value !== undefined
  }
  // A role that is missing is told by `required`, in the same words as without a map.
  add(ALLOWED_ROLES, map.allowedRoles)
  add(DEFAULT_ROLE, map.defaultRole)
  for (const [name, claim] of map.variables) {
    if (!add(name, claim)) {
      throw invalidClaims(`JWT claim from claims_map, "${name}" not found`)
    }
  }
  return found
}

function mappedValue(claims: JsonObject, claim: MappedClaim<unknown>): unknown {
  if ('literal' in claim) return claim.literal
  const value = valueAtJsonPath(claims, claim.path)
  // null is a value, which is then refused for its type; the default is for what is not there.
  return value === undefined ? claim.fallback : value
}

function required(found: FoundClaims, name: string): unknown {
  const value = found.get(name)
  if (value !== undefined) return value
  throw new GatewayError('jwt-missing-role-claims', `JWT claim does not contain "${name}"`)
}

function readRoles(value: unknown): readonly string[] {
  const hint = `invalid "${ALLOWED_ROLES}"; should be a list of roles`
  if (!Array.isArray(value)) {
    const found = jsonTypeName(value)
    throw invalidClaims(`${hint}: parsing [] failed, expected Array, but encountered ${found}`)
  }
  return value.map((role: unknown) => readRole(role, hint))
}

function readRole(value: unknown, hint: string): string {
  const role = readText(value, hint)
  if (role === '') throw invalidClaims(`${hint}: empty string not allowed`)
  return role
}

function readText(value: unknown, hint: string): string {
  if (typeof value === 'string') {
    // Half a character has no UTF-8: Hasura would see another value than the key holds.
    if (LONE_SURROGATE.test(value)) throw invalidClaims(`${hint}: not valid Unicode`)
    return value
  }
  const found = jsonTypeName(value)
  throw invalidClaims(`${hint}: parsing Text failed, expected String, but encountered ${found}`)
}

function invalidClaims(message: string): GatewayError {
  return new GatewayError('jwt-invalid-claims', message)
}

/** Nor what has a key twice. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(parseUnambiguous(Buffer.from(text), STRINGIFIED_DEPTH_MAX).text)
  } catch {
    return undefined
  }
}
