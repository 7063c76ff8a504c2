import type { DocumentReference, PreparedBatch, PreparedRequest } from '../graphql/operation.ts'
import type { Tag } from '../metadata/plan.ts'
import type { Planner } from '../metadata/planner.ts'
import { ANY_WRITE, EVERYTHING } from './epochs.ts'

export interface WrittenTagsOptions {
  readonly requests: {
    prepare(body: Buffer): PreparedRequest | PreparedBatch | DocumentReference
  }
  readonly planner: Planner
}

/** Sees the most, and so writes at least what any other role would. */
const ROLE = 'admin'

/** Tells what GraphQL requests may write whose role only Hasura learns. */
export class WrittenTags {
  readonly #options: WrittenTagsOptions

  constructor(options: WrittenTagsOptions) {
    this.#options = options
  }

  /**
   * Of the operations in `body`, JSON as POST /v1/graphql takes it: empty when all of them only read,
   * everything when they cannot be read, since Hasura may be able to.
   */
  of(body: Buffer): readonly Tag[] {
    const tags = new Set(this.#requestsIn(body).flatMap((request) => this.#writesOf(request)))
    return [...tags]
  }

  #requestsIn(body: Buffer): readonly (PreparedRequest | undefined)[] {
    try {
      const prepared = this.#options.requests.prepare(body)
      if (prepared.kind === 'single') return [prepared]
      // Which document it is only Hasura can tell.
      if (prepared.kind === 'reference') return [undefined]
      return prepared.members.map(({ request }) => ('operation' in request ? request : undefined))
    } catch {
      return [undefined]
    }
  }

  #writesOf(request: PreparedRequest | undefined): readonly Tag[] {
    if (request === undefined) return [EVERYTHING]
    const { operation, variables } = request
    if (operation.kind !== 'mutation') return []
    return [...this.#options.planner.plan(operation, ROLE, variables).writes, ANY_WRITE]
  }
}
