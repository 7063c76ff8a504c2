import { option } from '../option.ts'
import { section } from '../section.ts'
import { integer } from '../value-types.ts'

export const purge = section('What is remembered of entries kept and purged.', {
  entries_max: option(integer({ min: 0, max: 10_000_000 }), {
    default: 10_000,
    doc: 'Entries that this gateway remembers to have kept, so that a purge can tell how many it concerns. With more than that in the store, the count is not complete, and says so.',
  }),
  families_max: option(integer({ min: 1, max: 100_000 }), {
    default: 1_000,
    doc: 'Query families in GET /pro/cache/metrics; beyond it those with the fewest requests are left out.',
  }),
  audit_max: option(integer({ min: 0, max: 1_000_000 }), {
    default: 1_000,
    doc: 'Purges in GET /audit; older ones are in the log only.',
  }),
})
