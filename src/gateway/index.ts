export { ruleFor } from './cache/policy.ts'
export {
  type DescribeDependencies,
  describeMetadata,
  describeUpstream,
} from './describe-upstream.ts'
export { ManifestError, readManifest } from './documents/manifest.ts'
export { GatewayError, type GatewayErrorCode } from './errors.ts'
export { EVENTS_SECRET_HEADER } from './events/event-routes.ts'
export { explainUpstream } from './explain/explain-upstream.ts'
export type * from './explain/request-explanation.ts'
export { createGateway, type Gateway } from './gateway.ts'
export type { GatewayDependencies } from './gateway-dependencies.ts'
export type { JwtKeyType, JwtSecret } from './identity/jwt-secret.ts'
export { JwtSecretError, parseJwtSecret } from './identity/parse-jwt-secret.ts'
export { SecretSet } from './identity/secret-set.ts'
export type * from './metadata/explanation.ts'
export type * from './metadata/upstream-description.ts'
export { BYPASS_REASONS } from './metrics.ts'
export type * from './options.ts'
export { NOTHING_DECLARED } from './options.ts'
export type { Actor, AuditRecord } from './purge/audit-log.ts'
export type { PurgeReport } from './purge/purger.ts'
export type * from './statistics/snapshot.ts'
