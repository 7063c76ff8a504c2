import type { Tag } from '../metadata/plan.ts'

/** Tells what a GraphQL request that is not answered from the cache may write. */
export interface WrittenTags {
  /** Of the operations in `body`, JSON as POST /v1/graphql takes it; empty when all of them only read. */
  of(body: Buffer): readonly Tag[]
}
