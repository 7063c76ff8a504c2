import { option } from '../option.ts'
import { section } from '../section.ts'
import { oneOf } from '../value-types.ts'

export const log = section('What is written to standard error, one JSON object per line.', {
  level: option(oneOf(['debug', 'info', 'warn', 'error', 'silent']), {
    default: 'info',
    env: ['HASURA_GRAPHQL_LOG_LEVEL'],
    flag: 'log-level',
    doc: 'The least severe level that is written.',
  }),
})
