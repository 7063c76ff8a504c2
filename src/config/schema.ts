import { z } from 'zod'
import { admin } from './sections/admin.ts'
import { auth } from './sections/auth.ts'
import { cache } from './sections/cache.ts'
import { engine } from './sections/engine.ts'
import { events } from './sections/events.ts'
import { limits } from './sections/limits.ts'
import { log } from './sections/log.ts'
import { metadata } from './sections/metadata.ts'
import { persistedQueries } from './sections/persisted-queries.ts'
import { purge } from './sections/purge.ts'
import { rateLimit } from './sections/rate-limit.ts'
import { revocation } from './sections/revocation.ts'
import { server } from './sections/server.ts'
import { session } from './sections/session.ts'
import { store } from './sections/store.ts'
import { trustedDocuments } from './sections/trusted-documents.ts'
import { upstream } from './sections/upstream.ts'

/**
 * Every option of the product, once: its type, bounds, default, variables, flag and what it is for. The
 * loader, `config/gerbang.yaml`, its JSON Schema and docs/CONFIG.md are all made from this.
 */
export const configSchema = z.strictObject({
  server,
  admin,
  upstream,
  auth,
  limits,
  cache,
  rate_limit: rateLimit,
  session,
  revocation,
  persisted_queries: persistedQueries,
  trusted_documents: trustedDocuments,
  metadata,
  events,
  purge,
  store,
  engine,
  log,
})

export type Config = z.output<typeof configSchema>
