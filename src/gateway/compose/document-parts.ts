import { DocumentResolver } from '../documents/document-resolver.ts'
import { DocumentStatistics } from '../documents/document-statistics.ts'
import { PersistedQueries } from '../documents/persisted-queries.ts'
import { TrustedDocuments } from '../documents/trusted-documents.ts'
import type { GatewayDependencies } from '../gateway-dependencies.ts'
import { createPreparer, type Preparer } from '../graphql/prepare.ts'
import type { Statistics } from '../metrics.ts'
import type { GatewayOptions } from '../options.ts'

/** From the bytes of a request to the operation it asks for. */
export interface DocumentParts {
  readonly requests: Preparer
  readonly documents: DocumentResolver
  /** The same documents, for requests that are explained: those are not counted. */
  readonly explainedDocuments: DocumentResolver
}

const MEMO_BYTES_PER_DOCUMENT = 4_096

export function createDocumentParts(
  { limits, cache, trustedDocuments, persistedQueries }: GatewayOptions,
  { store, protectedStores, random, log }: GatewayDependencies,
  statistics: Statistics,
): DocumentParts {
  const requests = createPreparer({
    limits,
    memo: cache,
    random,
    keepsSyntax: cache.normalisation === 'schema',
  })
  const parts = {
    requests,
    trustedDocuments: new TrustedDocuments(trustedDocuments),
    persistedQueries: new PersistedQueries({
      options: persistedQueries,
      store,
      quotas: protectedStores?.limits ?? store,
      log,
      memo: {
        entriesMax: cache.memoEntriesMax,
        weightMax: cache.memoEntriesMax * MEMO_BYTES_PER_DOCUMENT,
      },
    }),
  }
  return {
    requests,
    documents: new DocumentResolver({ ...parts, statistics: statistics.documents }),
    explainedDocuments: new DocumentResolver({ ...parts, statistics: new DocumentStatistics() }),
  }
}
