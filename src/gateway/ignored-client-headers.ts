/**
 * What of a client's request Hasura passes on to nobody, neither actions nor remote schemas nor a webhook in GET mode:
 * `commonClientHeadersIgnored` in Hasura/HTTP.hs, in lower case.
 */
export const IGNORED_CLIENT_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-datetime',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'connection',
  'content-length',
  'content-md5',
  'content-type',
  'dnt',
  'host',
  'origin',
  'referer',
  'user-agent',
])
