import { CounterSet } from '../statistics/counter-set.ts'

/** What became of a request by the document it names, brings or may not bring; a label, so the set is closed. */
export const DOCUMENT_RESULTS = [
  'trusted',
  'unknown-id',
  'untrusted',
  'hit',
  'miss',
  'registered',
  'known',
  'mismatch',
  'too-large',
  'over-quota',
  'full',
  'store-failed',
] as const
export type DocumentResult = (typeof DOCUMENT_RESULTS)[number]

/** What becomes of a document that a client would register. */
export type Registration = Extract<
  DocumentResult,
  'registered' | 'known' | 'too-large' | 'over-quota' | 'full' | 'store-failed'
>

/** Persisted queries and trusted documents. */
export class DocumentStatistics {
  readonly results = new CounterSet<DocumentResult>(DOCUMENT_RESULTS)

  snapshot(): Readonly<Record<string, number>> {
    return this.results.snapshot()
  }
}
