import type { IncomingHttpHeaders } from 'node:http'
import type { Awaitable } from '../../shared/awaitable.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import { GatewayError } from '../errors.ts'
import type { Denials } from '../revocation/denials.ts'
import type { AuthStatistics } from './auth-statistics.ts'
import { Grant, type VerifiedToken } from './grant.ts'
import { readHasuraClaims } from './hasura-claims.ts'
import { JwksKeySet } from './jwks.ts'
import { invalidJwt, unverifiedIssuer, verifyToken } from './jwt.ts'
import type { JwtSecret, TokenLocation, TokenRules } from './jwt-secret.ts'
import { FixedKeySet, type KeySet } from './key-set.ts'
import { locationName, tokensAt } from './token-location.ts'
import { tokenSubject } from './token-subject.ts'

export interface JwtAuthenticatorOptions {
  readonly secrets: readonly JwtSecret[]
  readonly rules: TokenRules
  /** Between two looks at a jwk_url, at least. */
  readonly jwksRefreshMinMs: number
  /** With it Hasura is told the session; `undefined` when it reads the tokens itself. */
  readonly upstreamSecret: string | undefined
  /** Verified tokens remembered until they expire. */
  readonly tokensMax: number
  /** What was revoked: asked about each token that is not remembered. */
  readonly denials: Pick<Denials, 'refuse'>
  readonly statistics: AuthStatistics
  readonly clock: Clock
  readonly log: Logger
}

interface Verifier {
  readonly secret: JwtSecret
  readonly keySet: KeySet
}

/**
 * Verifies the tokens of requests and of sessions, each once: until it expires, or the keys change, a token
 * that was verified is known by its text, without a promise.
 */
export class JwtAuthenticator {
  readonly #clock: Clock
  readonly #rules: TokenRules
  readonly #denials: Pick<Denials, 'refuse'>
  readonly #upstreamSecret: string | undefined
  readonly #verifiers: readonly Verifier[]
  readonly #locations: readonly TokenLocation[]
  readonly #grants: TwoGenerationMap<string, Grant>
  readonly #sessionTokens: TwoGenerationMap<string, VerifiedToken>
  /** Rises with every change of a key, so that what was being verified with an old one is not remembered. */
  #generation = 0

  constructor(options: JwtAuthenticatorOptions) {
    const { secrets, tokensMax, clock } = options
    this.#clock = clock
    this.#rules = options.rules
    this.#denials = options.denials
    this.#upstreamSecret = options.upstreamSecret
    this.#verifiers = secrets.map((secret) => ({
      secret,
      keySet: this.#keySet(secret, options),
    }))
    this.#locations = distinctLocations(secrets)
    this.#grants = new TwoGenerationMap(tokensMax)
    this.#sessionTokens = new TwoGenerationMap(tokensMax)
  }

  #keySet(
    { key }: JwtSecret,
    { rules, jwksRefreshMinMs, statistics, clock, log }: JwtAuthenticatorOptions,
  ): KeySet {
    const { isStrict } = rules
    if (!('jwkUrl' in key)) return new FixedKeySet(key, isStrict)
    return new JwksKeySet({
      url: key.jwkUrl,
      type: key.type,
      isStrict,
      refreshMinMs: jwksRefreshMinMs,
      statistics,
      clock,
      log,
      onChange: () => this.forget(),
    })
  }

  async start(): Promise<void> {
    await Promise.all(this.#verifiers.map(({ keySet }) => keySet.start()))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#verifiers.map(({ keySet }) => keySet.stop()))
  }

  /** What the token of these headers allows; `undefined` when they have none. */
  authenticate(headers: IncomingHttpHeaders): Awaitable<Grant | undefined> {
    const credentials = this.#credentials(headers)
    if (credentials === undefined) return undefined
    const grant = this.#grants.get(credentials)
    if (grant !== undefined && grant.expiresAtMs > this.#clock.nowMs()) return grant
    return this.#authenticateAnew(headers, credentials)
  }

  /** Verifies the token of these headers without the memo: for whoever needs the token itself. */
  async verify(headers: IncomingHttpHeaders): Promise<VerifiedToken | undefined> {
    return await this.#verifyOne(
      this.#verifiers.flatMap((verifier) =>
        tokensAt(headers, verifier.secret.header).map((token) => ({ verifier, token })),
      ),
    )
  }

  /** Verifies a token that a session kept, which was once found at `location` (see `locationName`). */
  verifySessionToken(token: string, location: string): Awaitable<VerifiedToken> {
    const verified = this.#sessionTokens.get(token)
    if (verified !== undefined && verified.expiresAtMs > this.#clock.nowMs()) return verified
    return this.#verifySessionTokenAnew(token, location)
  }

  async #authenticateAnew(
    headers: IncomingHttpHeaders,
    credentials: string,
  ): Promise<Grant | undefined> {
    const generation = this.#generation
    const verified = await this.verify(headers)
    if (verified === undefined) return undefined
    // Another request with the same token may have come back first: its grant is the one to keep.
    const known = this.#grants.get(credentials)
    if (known !== undefined && known.expiresAtMs > this.#clock.nowMs()) return known
    const grant = new Grant(verified)
    if (generation === this.#generation) this.#grants.set(credentials, grant)
    return grant
  }

  async #verifySessionTokenAnew(token: string, location: string): Promise<VerifiedToken> {
    const generation = this.#generation
    const verified = await this.#verifyOne(
      this.#verifiers
        .filter(({ secret }) => locationName(secret.header) === location)
        .map((verifier) => ({ verifier, token })),
    )
    if (verified === undefined) throw invalidJwt('no JWT secret looks where this token was found')
    const known = this.#sessionTokens.get(token)
    if (known !== undefined && known.expiresAtMs > this.#clock.nowMs()) return known
    if (generation === this.#generation) this.#sessionTokens.set(token, verified)
    return verified
  }

  /** Of several secrets the one whose issuer is the token's; one that is missing on either side matches. */
  async #verifyOne(
    candidates: readonly { readonly verifier: Verifier; readonly token: string }[],
  ): Promise<VerifiedToken | undefined> {
    if (candidates.length === 0) return undefined
    const [match, ...others] = candidates.filter(({ verifier, token }) => {
      const issuer = unverifiedIssuer(token)
      return [undefined, issuer].includes(verifier.secret.issuer) || issuer === undefined
    })
    if (match === undefined) throw invalidJwt('JWTNotInIssuer')
    if (others.length > 0) {
      throw new GatewayError('invalid-headers', 'Could not verify JWT: Multiple JWTs found')
    }
    const { secret, keySet } = match.verifier
    const check = { keySet, secret, rules: this.#rules, nowMs: this.#clock.nowMs() }
    const claims = await verifyToken(match.token, check)
    const { expiresAt = Number.POSITIVE_INFINITY } = claims
    const hasuraClaims = readHasuraClaims(claims.all, secret.claims)
    const subject = tokenSubject(claims.all, hasuraClaims)
    await this.#denials.refuse(subject)
    return {
      token: match.token,
      location: secret.header,
      claims: hasuraClaims,
      subject,
      expiresAtMs: (expiresAt + secret.allowedSkewSeconds) * 1_000,
      upstreamSecret: this.#upstreamSecret,
    }
  }

  /** One text for all that decides about the token; `undefined` when there is none. */
  #credentials(headers: IncomingHttpHeaders): string | undefined {
    const [first, second] = this.#locations
    // One place, as nearly always: its header is the text, nothing is built.
    if (first !== undefined && second === undefined) return rawTokens(headers, first)
    let credentials: string | undefined
    for (const location of this.#locations) {
      const raw = rawTokens(headers, location)
      if (raw === undefined) continue
      credentials = `${credentials ?? ''}${locationName(location)}\n${raw}\n`
    }
    return credentials
  }

  /** Every token is verified anew, those being verified just now as well. */
  forget(): void {
    this.#generation += 1
    this.#grants.clear()
    this.#sessionTokens.clear()
  }
}

function distinctLocations(secrets: readonly JwtSecret[]): readonly TokenLocation[] {
  const locations = secrets.map(({ header }) => [locationName(header), header] as const)
  return [...new Map(locations).values()]
}

/** As sent, unread: reading refuses what is malformed, and a memo must not have to. */
function rawTokens(headers: IncomingHttpHeaders, location: TokenLocation): string | undefined {
  if (location.kind === 'authorization') return headers.authorization
  const tokens = tokensAt(headers, location)
  return tokens.length === 0 ? undefined : tokens.join('\n')
}
