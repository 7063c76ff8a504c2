import { invariant } from '../../shared/assert.ts'
import type { Steps } from '../../shared/steps.ts'
import { GatewayError } from '../errors.ts'
import { canonicalRequest } from '../graphql/canonical-request.ts'
import type { DocumentReference, PreparedBatch, PreparedRequest } from '../graphql/operation.ts'
import type { Identity } from '../identity/identity.ts'
import type { DocumentResult, DocumentStatistics } from './document-statistics.ts'
import { sha256Of } from './manifest.ts'
import type { PersistedQueries } from './persisted-queries.ts'
import type { TrustedDocuments } from './trusted-documents.ts'

export interface DocumentResolverParts {
  readonly persistedQueries: PersistedQueries
  readonly trustedDocuments: TrustedDocuments
  readonly statistics: DocumentStatistics
  readonly requests: {
    prepare(body: Buffer): PreparedRequest | PreparedBatch | DocumentReference
  }
}

export interface Asker {
  readonly identity: Identity
  /** Of whom registrations are counted together. */
  readonly subject: string
}

/** What the POST that brings its document would have been. */
export interface ResolvedRequest {
  readonly prepared: PreparedRequest
  readonly body: Buffer
}

/** Finds the documents that requests name, and refuses those that may not bring their own. */
export class DocumentResolver {
  readonly #parts: DocumentResolverParts

  constructor(parts: DocumentResolverParts) {
    this.#parts = parts
  }

  /** Throws for a request that brings its document, unless it may. `undefined`: nobody knows who asks. */
  refuseUnnamed(identity: Identity | undefined): void {
    try {
      this.#parts.trustedDocuments.refuseOthers(identity)
    } catch (error) {
      this.#count('untrusted')
      throw error
    }
  }

  *resolve(reference: DocumentReference, asker: Asker): Steps<ResolvedRequest> {
    const { name } = reference
    return name.kind === 'id'
      ? this.#byId(reference, name.id, asker)
      : yield* this.#byHash(reference, name.sha256Hash, asker)
  }

  #byId(reference: DocumentReference, id: string, { identity }: Asker): ResolvedRequest {
    const { trustedDocuments } = this.#parts
    const { query } = reference
    if (!trustedDocuments.areOn) {
      if (query === undefined) throw new GatewayError('parse-failed', 'key "query" not found')
      // Hasura ignores what it does not know.
      return this.#complete(reference, query)
    }
    if (query !== undefined) {
      this.refuseUnnamed(identity)
      throw new GatewayError('parse-failed', 'a request has a query or a documentId, not both')
    }
    const text = trustedDocuments.get(id)
    this.#count(text === undefined ? 'unknown-id' : 'trusted')
    if (text !== undefined) return this.#complete(reference, text)
    throw new GatewayError('document-not-found', 'no document has this documentId', {
      path: '$.documentId',
    })
  }

  *#byHash(reference: DocumentReference, hash: string, asker: Asker): Steps<ResolvedRequest> {
    const { trustedDocuments, persistedQueries } = this.#parts
    const { query } = reference
    if (query !== undefined && sha256Of(query) !== hash) {
      this.#count('mismatch')
      throw hashMismatch()
    }
    const trusted = trustedDocuments.byHash(hash)
    if (trusted !== undefined) {
      this.#count('trusted')
      return this.#complete(reference, trusted)
    }
    this.refuseUnnamed(asker.identity)
    if (!persistedQueries.areOn) throw notSupported()
    if (query === undefined) {
      const found = yield* persistedQueries.find(hash)
      this.#count(found === undefined ? 'miss' : 'hit')
      if (found === undefined) throw notFound()
      return this.#complete(reference, found)
    }
    // Before it is kept: what is no GraphQL is no document.
    const resolved = this.#complete(reference, query)
    this.#count(yield* persistedQueries.register(hash, query, asker.subject))
    return resolved
  }

  #count(result: DocumentResult): void {
    this.#parts.statistics.results.add(result)
  }

  #complete({ operationName, variables }: DocumentReference, query: string): ResolvedRequest {
    const body = canonicalRequest({ query, operationName, variables })
    const prepared = this.#parts.requests.prepare(body)
    invariant(prepared.kind === 'single', 'a canonical request brings its document')
    return { prepared, body }
  }
}

/** Clients of automatic persisted queries take this answer for "send the whole text from now on". */
function notSupported(): GatewayError {
  return new GatewayError('not-supported', 'PersistedQueryNotSupported')
}

/** In the shape of Apollo Server: the client sends the document along and asks again. */
function notFound(): GatewayError {
  return new GatewayError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound', { path: '' })
}

function hashMismatch(): GatewayError {
  return new GatewayError('persisted-query-invalid', 'provided sha does not match query')
}
