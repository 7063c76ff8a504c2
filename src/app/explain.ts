import { Agent, request } from 'undici'
import type { Config } from '../config/index.ts'
import { type Explanation, explainUpstream, GatewayError } from '../gateway/index.ts'
import { systemClock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import { systemRandom } from '../shared/random.ts'
import { gatewayOptions } from './gateway-options.ts'
import { openStores } from './stores.ts'
import { readTrustedDocuments } from './trusted-documents.ts'

/** A request could not be explained, in words for whoever asked. */
export class ExplainError extends Error {
  override readonly name = 'ExplainError'
}

export interface ExplainOptions {
  readonly log: Logger
  readonly signal: AbortSignal
}

/** By a gateway that runs, through its admin listener at `adminUrl`. `order`: the body of POST /explain. */
export async function explainByAdmin(
  { auth, upstream }: Config,
  order: Buffer,
  adminUrl: string,
  { signal }: ExplainOptions,
): Promise<Explanation> {
  const [secret] = auth.admin_secrets
  const dispatcher = new Agent({ connect: { timeout: upstream.connect_timeout } })
  try {
    const { statusCode, body } = await request(`${adminUrl}/explain`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(secret !== undefined && { 'x-hasura-admin-secret': secret }),
      },
      body: order,
      dispatcher,
      signal,
    })
    return readAnswer(await body.text(), statusCode, adminUrl)
  } catch (error) {
    if (error instanceof ExplainError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new ExplainError(`${adminUrl} cannot be reached: ${reason}`, { cause: error })
  } finally {
    await dispatcher.destroy()
  }
}

/** By what Hasura says of itself, and by what is in the store when that is a remote one. */
export async function explainDirectly(
  config: Config,
  order: Buffer,
  { log }: ExplainOptions,
): Promise<Explanation> {
  const common = { clock: systemClock, random: systemRandom, log }
  const { store, protectedStores, parts } = openStores(withoutTraces(config), common)
  const options = gatewayOptions(config, readTrustedDocuments(config))
  try {
    for (const part of parts) await part.start()
    const dependencies = { ...common, store, ...(protectedStores && { protectedStores }) }
    const isStoreInUse = config.store.url !== 'embedded:'
    return await explainUpstream(options, dependencies, { order, isStoreInUse })
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    throw new ExplainError(refusal(error.path, error.message), { cause: error })
  } finally {
    for (const part of parts.toReversed()) await part.stop()
  }
}

/** Redis clients, other gateways, and what is kept on disk, are for the gateway that runs. */
function withoutTraces(config: Config): Config {
  const nothing = {
    redis_port: undefined,
    limits_redis_port: undefined,
    sessions_redis_port: undefined,
    replica_of: undefined,
    limits_replica_of: undefined,
    sessions_replica_of: undefined,
    persistence: 'none',
    data_dir: undefined,
  } as const
  return { ...config, engine: { ...config.engine, ...nothing } }
}

function readAnswer(text: string, status: number, adminUrl: string): Explanation {
  const answer = parse(text)
  if (status === 200 && isExplanation(answer)) return answer
  if (isRefusal(answer)) throw new ExplainError(refusal(answer.path, answer.error))
  throw new ExplainError(`${adminUrl} does not answer as the admin listener of a gateway does`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Of a gateway of this version; the others are told apart by what they lack. */
function isExplanation(answer: unknown): answer is Explanation {
  if (isObject(answer) && Array.isArray(answer['batch'])) {
    return answer['batch'].every((one) => isRefusal(one) || isExplanation(one))
  }
  const members = ['operation', 'identity', 'limits', 'plan', 'verdict']
  return isObject(answer) && members.every((name) => name in answer)
}

function isRefusal(answer: unknown): answer is { readonly path: string; readonly error: string } {
  return (
    isObject(answer) && typeof answer['path'] === 'string' && typeof answer['error'] === 'string'
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function refusal(path: string, message: string): string {
  return path === '$' || path === '' ? message : `${path}: ${message}`
}
