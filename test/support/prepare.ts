import type { GatewayError } from '../../src/gateway/errors.ts'
import { GatewayError as Refusal } from '../../src/gateway/errors.ts'
import type { Operation } from '../../src/gateway/graphql/operation.ts'
import { createPreparer, type Preparer } from '../../src/gateway/graphql/prepare.ts'
import { readOperation } from '../../src/gateway/graphql/read-operation.ts'
import type { RequestLimits } from '../../src/gateway/options.ts'
import { seededRandom } from '../../src/shared/random.ts'

export const LIMITS: RequestLimits = {
  bodyBytesMax: 100_000,
  urlLengthMax: 8_192,
  documentLengthMax: 10_000_000,
  tokensMax: 2_000,
  depthMax: 20,
  nodesMax: 100,
  aliasesMax: 1_000,
  rootFieldsMax: 10_000,
  directivesMax: 1_000,
  batchMax: 5,
  jsonDepthMax: 20,
  variablesBytesMax: 10_000_000,
  variablesDepthMax: 20,
}

export function preparer(
  limits: Partial<RequestLimits> = {},
  memo = { memoEntriesMax: 100, memoBodyBytesMax: 32_768 },
): Preparer {
  return createPreparer({ limits: { ...LIMITS, ...limits }, memo, random: seededRandom(1) })
}

/** The operation in a document. */
export function operationOf(
  query: string,
  { operationName, ...limits }: Partial<RequestLimits> & { operationName?: string } = {},
): Operation {
  return readOperation(query, operationName, { ...LIMITS, ...limits }).operation
}

/** What is told of a refusal. */
export function refusal(work: () => unknown): Pick<GatewayError, 'code' | 'message' | 'path'> {
  try {
    work()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { code, message, path } = error
    return { code, message, path }
  }
  throw new Error('it was not refused')
}
