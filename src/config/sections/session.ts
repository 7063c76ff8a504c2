import { option, optionalOption } from '../option.ts'
import { oneSessionSecret, sessionSecrets } from '../secret-types.ts'
import { section } from '../section.ts'
import { boolean, duration, integer, name, oneOf } from '../value-types.ts'

export const session = section('Cookies in exchange for tokens: POST /session.', {
  enabled: option(boolean, { default: true, doc: 'Off: /session does not exist.' }),
  cookie_name: option(name, {
    default: 'gerbang-session',
    doc: 'Name of the cookie; __Host- goes in front of it when the cookie is secure.',
  }),
  secure: option(boolean, {
    default: true,
    doc: 'Send the cookie over https only. Off is for http://localhost.',
  }),
  secrets: option(sessionSecrets, {
    default: [],
    env: [
      'GERBANG_SESSION_SECRETS',
      { name: 'GERBANG_SESSION_SECRET', fromText: oneSessionSecret },
    ],
    isSecret: true,
    doc: 'What sessions are encrypted with in the store: at least 32 characters of chance each. The first writes, all of them read: put a new one in front, and take the old one away once session.ttl has passed. Unless given, auth.admin_secrets.',
  }),
  ttl: option(duration({ min: '1m', max: '365d' }), {
    default: '12h',
    doc: 'Life of a session, used or not; never longer than that of its token.',
  }),
  idle_timeout: option(duration({ min: '1m', max: '365d' }), {
    default: '2h',
    doc: 'A session without requests ends after so long, and up to a minute more. An open WebSocket is no request.',
  }),
  id_ttl: optionalOption(duration({ min: '10s', max: '365d' }), {
    doc: 'How long the cookie is good before it has to be renewed with POST /session/refresh; as long as the session unless given.',
  }),
  per_user_max: option(integer({ min: 1, max: 10_000 }), {
    default: 50,
    doc: 'Sessions of one user at once; of more the oldest end.',
  }),
  same_site: option(oneOf(['strict', 'lax']), {
    default: 'lax',
    doc: 'The cookie’s SameSite attribute.',
  }),
  durability: option(oneOf(['memory', 'fsync', 'replicated']), {
    default: 'memory',
    doc: 'What a login, refresh, logout or revocation waits for before it is answered. memory: for nothing, so that a crash may lose it. fsync: for the disk; needs engine.persistence aof+rdb. replicated: for replicas of where sessions are.',
  }),
  durability_replicas: option(integer({ min: 1, max: 100 }), {
    default: 1,
    doc: 'Of replicated: how many replicas are to have it.',
  }),
  durability_timeout: option(duration({ min: '10ms', max: '1m' }), {
    default: '1s',
    doc: 'Of replicated: how long they may take; then the answer is 503 not-confirmed.',
  }),
})
