import type { Planner } from './metadata/plan.ts'
export class MetadataSync {
  readonly planner: Planner = {
    plan: (operation, role) => {
      const tags = operation.rootFields.map(
        (f) =>
          `table:default:public.${f.name.replace(/^(insert|update|delete)_/, '').replace(/_by_pk|_one|_aggregate/, '')}`,
      )
      const isQuery = operation.kind === 'query'
      return {
        sessionVariables:
          role === 'manager'
            ? ['x-hasura-org-id']
            : operation.rootFields.some((f) => f.name === 'orders')
              ? ['x-hasura-user-id']
              : [],
        reads: isQuery ? tags : [],
        writes: isQuery ? [] : tags,
        uncacheable: isQuery ? undefined : 'not-a-query',
      }
    },
  }
  constructor(_options: unknown) {}
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  async refresh(): Promise<void> {}
  snapshot() {
    return { isLoaded: true, resourceVersion: 1 }
  }
}
