import { composeGateway } from '../compose-gateway.ts'
import { GatewayError } from '../errors.ts'
import type { GatewayDependencies } from '../gateway-dependencies.ts'
import type { GatewayOptions } from '../options.ts'
import type { Explanation, RefusedRequest, RequestExplanation } from './request-explanation.ts'
import { meaningOf } from './verdicts.ts'

export interface ExplainUpstreamOrder {
  /** The body of POST /explain. */
  readonly order: Buffer
  /** False when the store is none that a gateway keeps answers in: hit or miss is then not told. */
  readonly isStoreInUse: boolean
}

/**
 * As a gateway with these options would tell it, without one that runs: reads Hasura's metadata for it. Throws
 * a GatewayError when that cannot be had, or the order is refused.
 */
export async function explainUpstream(
  options: GatewayOptions,
  dependencies: GatewayDependencies,
  { order, isStoreInUse }: ExplainUpstreamOrder,
): Promise<Explanation> {
  const { identities, metadata, explainer, invalidation, refresher, compressor, upstream } =
    composeGateway(options, dependencies)
  try {
    await identities.start()
    await metadata.start()
    const { isLoaded, lastError } = metadata.snapshot()
    if (!isLoaded) {
      const reason = lastError?.message ?? 'it takes too long'
      const message = `Hasura’s metadata cannot be read: ${reason}`
      throw new GatewayError('upstream-unreachable', message)
    }
    const explanation = await explainer.explain(order)
    if (isStoreInUse) return explanation
    if (!('batch' in explanation)) return withoutStore(explanation)
    return { batch: explanation.batch.map(withoutStore) }
  } finally {
    refresher.stop()
    compressor.stop()
    invalidation.stop()
    await metadata.stop()
    await identities.stop()
    await upstream.destroy()
  }
}

function withoutStore<One extends RequestExplanation | RefusedRequest>(explanation: One): One {
  if (!('verdict' in explanation) || explanation.verdict.result === 'bypass') return explanation
  const verdict = { result: 'unknown', reason: 'unknown', because: meaningOf('unknown') } as const
  return { ...explanation, verdict: { ...explanation.verdict, ...verdict } }
}
