import { z } from 'zod'
import type { Backend } from '../backend.ts'
import { RequestError } from '../errors.ts'
import type { Environment } from '../events/webhook.ts'

export interface ApiContext {
  readonly backend: Backend
  /** What a webhook named by a variable is looked up in. */
  readonly environment: Environment
}

/** What the two admin endpoints are sent. */
export interface ApiRequest {
  readonly type: string
  readonly version: number | undefined
  readonly resourceVersion: number | undefined
  readonly args: unknown
}

const schema = z.looseObject({
  type: z.string(),
  version: z.number().optional(),
  resource_version: z.number().nullish(),
  args: z.unknown().optional(),
})

export function parseApiRequest(body: unknown): ApiRequest {
  const { type, version, resource_version, args } = parseWith(schema, body, '$')
  return { type, version, resourceVersion: resource_version ?? undefined, args }
}

/** Throws Hasura's error for arguments that are not what a command takes. */
export function parseWith<T>(type: z.ZodType<T>, value: unknown, path = '$.args'): T {
  const parsed = type.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const at = [path, ...(issue?.path.map(String) ?? [])].join('.')
  throw new RequestError('parse-failed', issue?.message ?? 'parsing failed', at)
}

export function requireSource({ metadata }: Backend, name: string): void {
  if (name === metadata.sourceName) return
  throw new RequestError('not-exists', `source with name "${name}" does not exist`, '$.args')
}
