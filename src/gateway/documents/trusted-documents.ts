import { GatewayError } from '../errors.ts'
import type { Identity } from '../identity/identity.ts'
import type { TrustedDocumentsOptions } from '../options.ts'

/** The documents an operator has listed in a manifest, by their ids. */
export class TrustedDocuments {
  readonly #options: TrustedDocumentsOptions

  constructor(options: TrustedDocumentsOptions) {
    this.#options = options
  }

  get areOn(): boolean {
    return this.#options.mode !== 'off'
  }

  /** `undefined` for an id that is not listed. */
  get(id: string): string | undefined {
    return this.areOn ? this.#options.documents.get(id) : undefined
  }

  /** By the hash of Apollo's protocol, which may stand for any id of an Apollo manifest. */
  byHash(hash: string): string | undefined {
    return this.get(`sha256:${hash}`) ?? this.get(hash)
  }

  /** Throws for a request that brings a document of its own, unless it may. */
  refuseOthers(identity: Identity | undefined): void {
    if (this.#options.mode !== 'only' || identity?.kind === 'admin') return
    throw new GatewayError(
      'document-not-trusted',
      'only the documents of the manifest are answered',
    )
  }
}
