import { option } from '../option.ts'
import { section } from '../section.ts'
import { duration } from '../value-types.ts'

export const revocation = section('Tokens and sessions that are no longer good: POST /revoke.', {
  ttl: option(duration({ min: '1m', max: '3650d' }), {
    default: '30d',
    doc: 'How long it is remembered that a token, or those of a user or of everyone, were revoked. No token may live longer than that.',
  }),
})
