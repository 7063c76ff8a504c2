import { DISCARD_MEANINGS, VERDICT_MEANINGS } from '../src/gateway/explain/verdicts.ts'
import { BYPASS_REASONS } from '../src/gateway/metrics.ts'

/** docs/REASONS.md */
export function renderReasonDocs(): string {
  const { mutation, unknown, ...kept } = VERDICT_MEANINGS
  return `${[
    '# Reasons',
    '',
    'Why a request is a hit, a miss or not cached at all, in the words of `gerbang explain` and POST /explain. Made from',
    'the tables in `src/gateway/explain/verdicts.ts` and `src/gateway/metrics.ts` by `npm run docs`; edit those.',
    '',
    '## Looked up',
    '',
    '`fresh` is a hit, `stale-…` an answer after its time, all others a miss.',
    '',
    ...table(kept),
    '',
    '## Not looked up',
    '',
    '`bypass`: the request is passed on, and its answer is not kept. `Cache-Status` has the same words behind `detail=`.',
    '',
    ...table({ mutation, ...BYPASS_REASONS, unknown }),
    '',
    '## Fetched and not kept',
    '',
    'The reasons behind `not-kept`, and of `gerbang_cache_fills_discarded_total`.',
    '',
    ...table(DISCARD_MEANINGS),
  ].join('\n')}\n`
}

function table(meanings: Readonly<Record<string, string>>): readonly string[] {
  const rows = Object.entries(meanings).map(([reason, meaning]) => `| \`${reason}\` | ${meaning} |`)
  return ['| reason | what it means |', '| --- | --- |', ...rows]
}
