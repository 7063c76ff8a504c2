import { Agent, request } from 'undici'
import type { Config, Finding } from '../config/index.ts'

export interface Greeting {
  readonly version: string | undefined
  readonly health: string | undefined
  readonly findings: readonly Finding[]
}

/** What Hasura says of itself to everybody. */
export async function greetUpstream(config: Config, signal: AbortSignal): Promise<Greeting> {
  const { url, connect_timeout: timeout, headers_timeout, body_timeout } = config.upstream
  const dispatcher = new Agent({
    connect: { timeout },
    headersTimeout: headers_timeout,
    bodyTimeout: body_timeout,
  })
  const get = async (path: string): Promise<{ readonly status: number; readonly text: string }> => {
    const { statusCode, body } = await request(`${url}${path}`, { dispatcher, signal })
    return { status: statusCode, text: await body.text() }
  }
  try {
    const version = versionOf(await get('/v1/version'))
    if (version === undefined) {
      return refused(`${url}/v1/version does not answer as Hasura does; is this its base URL?`)
    }
    const { status, text } = await get('/healthz')
    const findings = status === 200 ? [] : [finding(`Hasura is not healthy: ${text}`)]
    return { version, health: text, findings: [...findings, ...versionFindings(version)] }
  } catch (error) {
    return refused(`${url} cannot be reached: ${reasonOf(error)}`)
  } finally {
    await dispatcher.close()
  }
}

function versionOf(answer: { readonly status: number; readonly text: string }): string | undefined {
  if (answer.status !== 200) return undefined
  try {
    const told: unknown = JSON.parse(answer.text)
    const isVersion = typeof told === 'object' && told !== null && 'version' in told
    return isVersion ? String(told.version) : undefined
  } catch {
    return undefined
  }
}

/** Unreleased builds call themselves otherwise: only what is known to differ is refused. */
function versionFindings(version: string): readonly Finding[] {
  return /^v[13]\./.test(version)
    ? [finding(`Hasura ${version} is not supported; the gateway is made for v2`)]
    : []
}

function refused(message: string): Greeting {
  return { version: undefined, health: undefined, findings: [finding(message)] }
}

function finding(message: string): Finding {
  return { path: ['upstream', 'url'], message }
}

/** Several addresses of one name fail with one error that has no message of its own. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.message === '') return reasonOf(error.errors[0])
  return error.message
}
