import { nearestName } from '../../shared/nearest-name.ts'
import { isJsonObject, type JsonObject, jsonTypeName } from './json.ts'
import { type JsonPath, parseJsonPath } from './json-path.ts'
import {
  type ClaimsFormat,
  type ClaimsLocation,
  type ClaimsMap,
  JWT_KEY_TYPES,
  type JwtKey,
  type JwtKeyType,
  type JwtSecret,
  type MappedClaim,
  type TokenLocation,
} from './jwt-secret.ts'
import { keyFromSecret } from './verification-key.ts'

/** A HASURA_GRAPHQL_JWT_SECRET that Hasura would refuse, or that has a key neither of us knows. */
export class JwtSecretError extends Error {
  override readonly name = 'JwtSecretError'
  /** Where in the secret: `claims_map.x-hasura-user-id`; empty for the secret as a whole. */
  readonly key: string

  constructor(key: string, message: string) {
    super(message)
    this.key = key
  }
}

export const DEFAULT_CLAIMS_NAMESPACE = 'https://hasura.io/jwt/claims'

const KEYS = [
  'type',
  'key',
  'jwk_url',
  'claims_namespace',
  'claims_namespace_path',
  'claims_format',
  'claims_map',
  'audience',
  'issuer',
  'allowed_skew',
  'header',
]
const VARIABLE_PREFIX = 'x-hasura-'
const ALLOWED_ROLES = 'x-hasura-allowed-roles'
const DEFAULT_ROLE = 'x-hasura-default-role'

/** `value` is the object itself or its JSON. Throws a JwtSecretError that shows no secret. */
export function parseJwtSecret(value: unknown): JwtSecret {
  const fields = fieldsOf(typeof value === 'string' ? parseJson(value) : value)
  return {
    key: parseKey(fields),
    claims: parseClaimsLocation(fields),
    audience: parseAudience(fields['audience']),
    issuer: optionalText(fields, 'issuer'),
    allowedSkewSeconds: parseAllowedSkew(fields['allowed_skew']),
    header: parseTokenLocation(fields['header']),
  }
}

/** Without the fields that are null: to Hasura they are absent. */
function fieldsOf(value: unknown): JsonObject {
  if (!isJsonObject(value)) {
    throw new JwtSecretError('', `expected a JSON object, found ${jsonTypeName(value)}`)
  }
  for (const key of Object.keys(value)) {
    if (KEYS.includes(key)) continue
    const nearest = nearestName(key, KEYS)
    const hint = nearest === undefined ? `expected one of ${KEYS.join(', ')}` : `meant: ${nearest}?`
    throw new JwtSecretError(key, `unknown key; ${hint}`)
  }
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null))
}

function parseKey(fields: JsonObject): JwtKey {
  const jwkUrl = optionalText(fields, 'jwk_url')
  const key = optionalText(fields, 'key')
  if (key === undefined && jwkUrl === undefined) {
    throw new JwtSecretError('key', 'key and jwk_url are both missing; expected one of them')
  }
  if (key !== undefined && jwkUrl !== undefined) {
    throw new JwtSecretError('key', 'key and jwk_url are both given; expected one of them')
  }
  if (jwkUrl !== undefined) return jwksKey(jwkUrl, fields['type'])
  const type = parseKeyType(fields['type'])
  try {
    keyFromSecret(type, key ?? '', true)
  } catch (error) {
    throw new JwtSecretError('key', error instanceof Error ? error.message : String(error))
  }
  return { type, key: key ?? '' }
}

/** Hasura does not look at the type then, so it may be anything. */
function jwksKey(url: string, value: unknown): JwtKey {
  const jwkUrl = httpUrl(url)
  const type = knownType(value)
  return type === undefined ? { jwkUrl } : { jwkUrl, type }
}

function knownType(value: unknown): JwtKeyType | undefined {
  return JWT_KEY_TYPES.find((name) => name === value)
}

function parseKeyType(value: unknown): JwtKeyType {
  const type = knownType(value)
  if (type !== undefined) return type
  throw new JwtSecretError('type', `expected one of ${JWT_KEY_TYPES.join(', ')}`)
}

function httpUrl(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : ''
  if (protocol === 'https:' || protocol === 'http:') return text
  throw new JwtSecretError('jwk_url', 'expected an http or https URL')
}

/** A claims_map wins over the other three, as in Hasura. */
function parseClaimsLocation(fields: JsonObject): ClaimsLocation {
  const namespace = optionalText(fields, 'claims_namespace')
  const path = optionalText(fields, 'claims_namespace_path')
  const format = parseClaimsFormat(fields['claims_format'])
  if (namespace !== undefined && path !== undefined) {
    const message =
      'claims_namespace and claims_namespace_path are both given; expected one of them'
    throw new JwtSecretError('claims_namespace_path', message)
  }
  if (fields['claims_map'] !== undefined) return parseClaimsMap(fields['claims_map'])
  if (path !== undefined) {
    return { kind: 'path', path: jsonPath('claims_namespace_path', path), format }
  }
  return { kind: 'namespace', namespace: namespace ?? DEFAULT_CLAIMS_NAMESPACE, format }
}

function parseClaimsFormat(value: unknown): ClaimsFormat {
  if (value === undefined || value === 'json') return 'json'
  if (value === 'stringified_json') return value
  throw new JwtSecretError('claims_format', 'expected json or stringified_json')
}

function parseClaimsMap(value: unknown): ClaimsMap {
  if (!isJsonObject(value)) throw expected('claims_map', 'an object', value)
  const variables = new Map<string, MappedClaim<string>>()
  for (const [name, claim] of Object.entries(value)) {
    const key = `claims_map.${name}`
    const variable = name.toLowerCase()
    if (!variable.startsWith(VARIABLE_PREFIX)) {
      throw new JwtSecretError(key, `expected a name that begins with ${VARIABLE_PREFIX}`)
    }
    if (variable === ALLOWED_ROLES || variable === DEFAULT_ROLE) continue
    variables.set(variable, parseMappedClaim(key, claim, parseText))
  }
  return {
    kind: 'map',
    allowedRoles: requiredClaim(value, ALLOWED_ROLES, parseRoles),
    defaultRole: requiredClaim(value, DEFAULT_ROLE, parseText),
    variables,
  }
}

function requiredClaim<Value>(
  map: JsonObject,
  name: string,
  parse: (key: string, value: unknown) => Value,
): MappedClaim<Value> {
  const key = `claims_map.${name}`
  const claim = Object.getOwnPropertyDescriptor(map, name)?.value
  if (claim === undefined) throw new JwtSecretError(key, 'is required in a claims_map')
  return parseMappedClaim(key, claim, parse)
}

function parseMappedClaim<Value>(
  key: string,
  claim: unknown,
  parse: (key: string, value: unknown) => Value,
): MappedClaim<Value> {
  if (!isJsonObject(claim)) return { literal: parse(key, claim) }
  const { path, default: fallback = null } = claim
  return {
    path: jsonPath(`${key}.path`, parseText(`${key}.path`, path)),
    fallback: fallback === null ? undefined : parse(`${key}.default`, fallback),
  }
}

function parseRoles(key: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw expected(key, 'a list of roles', value)
  return value.map((role: unknown, index) => {
    const name = parseText(`${key}[${index}]`, role)
    if (name === '') throw new JwtSecretError(`${key}[${index}]`, 'expected a role, found ""')
    return name
  })
}

function parseAudience(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value)) return [parseText('audience', value)]
  if (value.length === 0)
    throw new JwtSecretError('audience', 'the list is empty: no token could pass')
  return value.map((audience: unknown, index) => parseText(`audience[${index}]`, audience))
}

function parseAllowedSkew(value: unknown): number {
  if (value === undefined) return 0
  if (typeof value === 'number' && value >= 0) return value
  throw new JwtSecretError('allowed_skew', 'expected a number of seconds, 0 or more')
}

function parseTokenLocation(value: unknown): TokenLocation {
  if (value === undefined) return { kind: 'authorization' }
  if (!isJsonObject(value)) throw expected('header', 'an object', value)
  const type = parseText('header.type', value['type']).toLowerCase()
  if (type === 'authorization') return { kind: 'authorization' }
  if (type === 'cookie') return { kind: 'cookie', name: parseText('header.name', value['name']) }
  if (type === 'customheader') {
    return { kind: 'header', name: parseText('header.name', value['name']).toLowerCase() }
  }
  throw new JwtSecretError('header.type', 'expected Authorization, Cookie or CustomHeader')
}

function optionalText(fields: JsonObject, key: string): string | undefined {
  const value = fields[key]
  return value === undefined ? undefined : parseText(key, value)
}

function parseText(key: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw expected(key, 'a text', value)
}

function jsonPath(key: string, text: string): JsonPath {
  const path = parseJsonPath(text)
  if (path !== undefined) return path
  throw new JwtSecretError(key, `expected a JSON path such as $.hasura['my claims'], found ${text}`)
}

function expected(key: string, what: string, found: unknown): JwtSecretError {
  const type = found === undefined ? 'nothing' : jsonTypeName(found)
  return new JwtSecretError(key, `expected ${what}, found ${type}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new JwtSecretError('', 'is not valid JSON')
  }
}
