import type { Random } from '../../shared/random.ts'
import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import { GatewayError } from '../errors.ts'
import { variablesTooDeep, variablesTooLarge } from '../limits/limit-errors.ts'
import type { CacheOptions, RequestLimits } from '../options.ts'
import { hashBytes } from './hash-bytes.ts'
import { canonicalJson, jsonDepth } from './lossless-json.ts'
import type { BatchMember, DocumentReference, PreparedBatch, PreparedRequest } from './operation.ts'
import { type ReadOperation, readOperation } from './read-operation.ts'
import { type GraphqlRequest, type RequestMember, readRequestBody } from './request.ts'
import { WeightedMemo } from './weighted-memo.ts'

export interface PreparerOptions {
  readonly limits: RequestLimits
  readonly memo: Pick<CacheOptions, 'memoEntriesMax' | 'memoBodyBytesMax'>
  readonly random: Random
  /** Operations keep their parsed form. */
  readonly keepsSyntax?: boolean
}

export interface Preparer {
  /**
   * What the body of POST /v1/graphql asks for; throws GatewayError when it cannot be read or is over a limit.
   * The bytes are only read, and copied where they are remembered.
   */
  prepare(body: Buffer): PreparedRequest | PreparedBatch | DocumentReference
}

/** What is remembered may take as much memory as if every body or document took so many bytes. */
const BYTES_PER_ENTRY = 4_096

/** Of a body there is the copy, its text, its variables as data and as canonical text. */
const BODY_COPIES = 4

/** Of a member of a batch that was refused: its error has a stack. */
const BYTES_PER_ERROR = 2_048

const BYTES_PER_REFERENCE = 256

/**
 * Clients send the same few bodies again and again: whole bodies are remembered by their bytes, from the second
 * time on, since many never come again; and documents by their text, for bodies that differ in their
 * variables alone. What was refused is not remembered.
 */
export function createPreparer({
  limits,
  memo,
  random,
  keepsSyntax = false,
}: PreparerOptions): Preparer {
  const { memoEntriesMax, memoBodyBytesMax } = memo
  const bodies = new WeightedMemo<number, RememberedBody>(
    memoEntriesMax,
    memoEntriesMax * BYTES_PER_ENTRY,
  )
  const documents = new DocumentMemo(limits, memo, keepsSyntax)
  // Drawn anew in each process, so that the places of bodies cannot be worked out beforehand.
  const seed = random.uint32()
  const seen = new TwoGenerationMap<number, true>(memoEntriesMax)

  return {
    prepare(body) {
      if (body.length > memoBodyBytesMax) return prepareBody(body, limits, documents).prepared
      const place = hashBytes(body, seed)
      const remembered = bodies.get(place)
      if (remembered?.body.equals(body) === true) return remembered.prepared
      const { prepared, weight } = prepareBody(body, limits, documents)
      if (seen.get(place) === undefined) {
        seen.set(place, true)
        return prepared
      }
      bodies.set(place, { body: copyOf(body), prepared }, body.length * BODY_COPIES + weight)
      return prepared
    },
  }
}

interface RememberedBody {
  readonly body: Buffer
  readonly prepared: PreparedRequest | PreparedBatch | DocumentReference
}

/** With memory of its own: a slice of a pool, or of a socket's chunk, would keep all of that alive. */
function copyOf(body: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(body.length)
  body.copy(copy)
  return copy
}

interface Weighed<T> {
  readonly prepared: T
  /** About how many bytes of memory it takes, but for what comes from the body's own text. */
  readonly weight: number
}

function prepareBody(
  body: Buffer,
  limits: RequestLimits,
  documents: DocumentMemo,
): Weighed<PreparedRequest | PreparedBatch | DocumentReference> {
  const read = readRequestBody(body, limits)
  if (read.kind === 'single') return prepareRequest(read.request, documents)
  const members = read.members.map((member) => prepareMember(member, documents))
  return {
    prepared: { kind: 'batch', members: members.map(({ prepared }) => prepared) },
    weight: members.reduce((sum, { weight }) => sum + weight, 0),
  }
}

function prepareMember(
  { request, text }: RequestMember,
  documents: DocumentMemo,
): Weighed<BatchMember> {
  const body = Buffer.from(text)
  try {
    const { prepared, weight } = prepareRequest(request, documents)
    return { prepared: { request: prepared, body }, weight }
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return { prepared: { request: error, body }, weight: BYTES_PER_ERROR }
  }
}

function prepareRequest(
  request: GraphqlRequest,
  documents: DocumentMemo,
): Weighed<PreparedRequest | DocumentReference> {
  if (request.kind === 'reference') return { prepared: request, weight: BYTES_PER_REFERENCE }
  const { query, operationName, variables } = request
  const variablesDepth = variables === undefined ? 0 : jsonDepth(variables)
  const { variablesDepthMax, variablesBytesMax } = documents.limits
  if (variablesDepth > variablesDepthMax) throw variablesTooDeep(variablesDepthMax)
  const { operation, weight } = documents.read(query, operationName)
  // Hasura does not tell an empty object from none.
  const variablesText = variables === undefined ? '{}' : canonicalJson(variables)
  const variablesBytes = Buffer.byteLength(variablesText)
  if (variablesBytes > variablesBytesMax) throw variablesTooLarge(variablesBytesMax)
  const measures = { variablesBytes, variablesDepth }
  return { prepared: { kind: 'single', operation, variablesText, variables, ...measures }, weight }
}

/** Operations by what chose them: the text of a document and a name. */
class DocumentMemo {
  readonly limits: RequestLimits
  readonly #keepsSyntax: boolean
  readonly #textLengthMax: number
  readonly #operations: WeightedMemo<string, ReadOperation>

  constructor(limits: RequestLimits, memo: PreparerOptions['memo'], keepsSyntax: boolean) {
    const { memoEntriesMax, memoBodyBytesMax } = memo
    this.limits = limits
    this.#keepsSyntax = keepsSyntax
    this.#textLengthMax = memoBodyBytesMax
    this.#operations = new WeightedMemo(memoEntriesMax, memoEntriesMax * BYTES_PER_ENTRY)
  }

  read(text: string, operationName: string | undefined): ReadOperation {
    // The key of a long one would take longer to hash than some of them to be refused.
    if (text.length > this.#textLengthMax) return this.#read(text, operationName)
    const remembered = this.#operations.get(operationKey(text, operationName))
    if (remembered !== undefined) return remembered
    const own = ownCopy(text)
    const read = this.#read(own, operationName)
    this.#operations.set(operationKey(own, operationName), read, text.length + read.weight)
    return read
  }

  #read(text: string, operationName: string | undefined): ReadOperation {
    return readOperation(text, operationName, this.limits, this.#keepsSyntax)
  }
}

/** A name has no colon, so that no two pairs make one key. */
function operationKey(text: string, operationName: string | undefined): string {
  return `${operationName ?? ''}:${text}`
}

/**
 * V8 keeps a part of a string as a view of the whole, and what is read from the part likewise: without a copy, a
 * query of ten words would keep its body of a megabyte.
 */
function ownCopy(text: string): string {
  const copy = Buffer.from(text).toString()
  // A lone surrogate has no UTF-8. (No document with one is valid either.)
  return copy === text ? copy : text
}
