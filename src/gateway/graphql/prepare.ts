import type { Random } from '../../shared/random.ts'
import { GatewayError } from '../errors.ts'
import type { CacheOptions, RequestLimits } from '../options.ts'
import { hashBytes } from './hash-bytes.ts'
import { canonicalJson } from './lossless-json.ts'
import type { BatchMember, Operation, PreparedBatch, PreparedRequest } from './operation.ts'
import { readOperation } from './read-operation.ts'
import { type GraphqlRequest, type RequestMember, readRequestBody } from './request.ts'
import { WeightedMemo } from './weighted-memo.ts'

export interface PreparerOptions {
  readonly limits: RequestLimits
  readonly memo: Pick<CacheOptions, 'memoEntriesMax' | 'memoBodyBytesMax'>
  readonly random: Random
}

export interface Preparer {
  /**
   * What the body of POST /v1/graphql asks for; throws GatewayError when it cannot be read or is over a limit.
   * The bytes are only read, and copied where they are remembered.
   */
  prepare(body: Buffer): PreparedRequest | PreparedBatch
}

/** What is remembered may weigh as much as if every body or document had so many bytes. */
const BYTES_PER_ENTRY = 2_048

/**
 * Clients send the same few bodies again and again: whole bodies are remembered by their bytes, and documents
 * by their text, for bodies that differ in their variables alone. What was refused is not remembered.
 */
export function createPreparer({ limits, memo, random }: PreparerOptions): Preparer {
  const { memoEntriesMax, memoBodyBytesMax } = memo
  const bytesMax = memoEntriesMax * BYTES_PER_ENTRY
  const bodies = new WeightedMemo<number, RememberedBody>(memoEntriesMax, bytesMax)
  const documents = new DocumentMemo(limits, memo)
  // Drawn anew in each process, so that no client can aim many bodies at one place of the memo.
  const seed = random.uint32()

  return {
    prepare(body) {
      if (body.length > memoBodyBytesMax) return prepareBody(body, limits, documents)
      const place = hashBytes(body, seed)
      const remembered = bodies.get(place)
      if (remembered?.body.equals(body) === true) return remembered.prepared
      const prepared = prepareBody(body, limits, documents)
      bodies.set(place, { body: copyOf(body), prepared }, body.length)
      return prepared
    },
  }
}

interface RememberedBody {
  readonly body: Buffer
  readonly prepared: PreparedRequest | PreparedBatch
}

/** With memory of its own: a slice of a pool, or of a socket's chunk, would keep all of that alive. */
function copyOf(body: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(body.length)
  body.copy(copy)
  return copy
}

function prepareBody(
  body: Buffer,
  limits: RequestLimits,
  documents: DocumentMemo,
): PreparedRequest | PreparedBatch {
  const read = readRequestBody(body, limits)
  if (read.kind === 'single') return prepareRequest(read.request, documents)
  return { kind: 'batch', members: read.members.map((member) => prepareMember(member, documents)) }
}

function prepareMember({ request, text }: RequestMember, documents: DocumentMemo): BatchMember {
  return { request: preparedOrRefused(request, documents), body: Buffer.from(text) }
}

function preparedOrRefused(
  request: GraphqlRequest,
  documents: DocumentMemo,
): PreparedRequest | GatewayError {
  try {
    return prepareRequest(request, documents)
  } catch (error) {
    if (error instanceof GatewayError) return error
    throw error
  }
}

function prepareRequest(request: GraphqlRequest, documents: DocumentMemo): PreparedRequest {
  const { query, operationName, variables } = request
  const operation = documents.operation(query, operationName)
  // Hasura does not tell an empty object from none.
  const variablesText = variables === undefined ? '{}' : canonicalJson(variables)
  return { kind: 'single', operation, variablesText, variables }
}

/** The operations that were asked for of each document. */
class DocumentMemo {
  readonly #limits: RequestLimits
  readonly #textLengthMax: number
  readonly #documents: WeightedMemo<string, Map<string | undefined, Operation>>

  constructor(limits: RequestLimits, memo: PreparerOptions['memo']) {
    const { memoEntriesMax, memoBodyBytesMax } = memo
    this.#limits = limits
    this.#textLengthMax = memoBodyBytesMax
    this.#documents = new WeightedMemo(memoEntriesMax, memoEntriesMax * BYTES_PER_ENTRY)
  }

  operation(text: string, operationName: string | undefined): Operation {
    const known = this.#documents.get(text)
    const remembered = known?.get(operationName)
    if (remembered !== undefined) return remembered
    const operation = readOperation(text, operationName, this.#limits)
    if (known !== undefined) known.set(operationName, operation)
    else if (text.length <= this.#textLengthMax) {
      this.#documents.set(text, new Map([[operationName, operation]]), text.length)
    }
    return operation
  }
}
