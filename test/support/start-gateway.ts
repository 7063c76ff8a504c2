import { SignJWT } from 'jose'
import { expect, onTestFinished } from 'vitest'
import {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type ProtectedStores,
} from '../../src/gateway/index.ts'
import type { EventLoopDelay } from '../../src/gateway/limits/load-shedder.ts'
import { type Clock, systemClock } from '../../src/shared/clock.ts'
import { type Logger, silentLogger } from '../../src/shared/logger.ts'
import { systemRandom } from '../../src/shared/random.ts'
import type { Store } from '../../src/store/index.ts'
import { EchoUpstream } from './echo-upstream.ts'
import { gatewayOptions, JWT_KEY } from './gateway-options.ts'
import { openStore } from './open-store.ts'
import { waitUntil } from './wait-until.ts'

export interface RunningGateway {
  readonly gateway: Gateway
  readonly url: string
  readonly store: Store
  readonly stop: () => Promise<void>
}

export interface Surroundings {
  readonly store?: Store
  readonly protectedStores?: ProtectedStores
  readonly clock?: Clock
  readonly log?: Logger
  /** What load shedding goes by. */
  readonly eventLoopDelay?: EventLoopDelay
}

/** A gateway on a free port, over a store of its own unless one is given. */
export async function startGateway(
  options: GatewayOptions,
  {
    clock = systemClock,
    store = openStore(clock),
    log = silentLogger,
    ...given
  }: Surroundings = {},
): Promise<RunningGateway> {
  const gateway = createGateway(options, { store, clock, random: systemRandom, log, ...given })
  await gateway.start()
  await metadataIsRead(gateway, options)
  return {
    gateway,
    url: `http://127.0.0.1:${gateway.address.port}`,
    store,
    stop: () => gateway.stop(),
  }
}

/** The gateway itself waits two seconds, which is little on a machine that does much else. */
async function metadataIsRead(gateway: Gateway, { upstream }: GatewayOptions): Promise<void> {
  if (upstream.adminSecret === undefined) return
  await waitUntil(() => {
    const { isLoaded, lastError } = gateway.snapshot().metadata
    return isLoaded || lastError !== undefined
  })
}

/** Of each part of the options what is not as in `gatewayOptions`. */
export type OptionChanges = {
  readonly [Part in keyof GatewayOptions]?: Partial<GatewayOptions[Part]>
}

/** In front of `upstreamUrl`, with changes to the options. */
export async function startGatewayTo(
  upstreamUrl: string,
  changes: OptionChanges = {},
  store?: Store,
): Promise<RunningGateway> {
  const surroundings = store === undefined ? {} : { store }
  return await startGateway(changedOptions(upstreamUrl, changes), surroundings)
}

export interface World extends RunningGateway {
  readonly upstream: EchoUpstream
}

/**
 * An upstream and a gateway in front of it, for the length of one test. The test fails when the gateway has
 * logged a bug of its own.
 */
export async function startWorld(
  changes: OptionChanges = {},
  surroundings: Surroundings = {},
): Promise<World> {
  const upstream = new EchoUpstream()
  await upstream.start()
  const bugs: unknown[] = []
  const log: Logger = { ...silentLogger, error: (...line: unknown[]) => bugs.push(line) }
  const options = changedOptions(upstream.url, changes)
  const running = await startGateway(options, { log, ...surroundings })
  onTestFinished(async () => {
    await running.stop()
    await upstream.stop()
    expect(bugs).toEqual([])
  })
  return { ...running, upstream }
}

function changedOptions(upstreamUrl: string, changes: OptionChanges): GatewayOptions {
  const options = gatewayOptions(upstreamUrl)
  return {
    server: { ...options.server, ...changes.server },
    upstream: { ...options.upstream, ...changes.upstream },
    auth: { ...options.auth, ...changes.auth },
    limits: { ...options.limits, ...changes.limits },
    queryLimits: { ...options.queryLimits, ...changes.queryLimits },
    loadShedding: { ...options.loadShedding, ...changes.loadShedding },
    cache: { ...options.cache, ...changes.cache },
    rateLimit: { ...options.rateLimit, ...changes.rateLimit },
    session: { ...options.session, ...changes.session },
    revocation: { ...options.revocation, ...changes.revocation },
    persistedQueries: { ...options.persistedQueries, ...changes.persistedQueries },
    trustedDocuments: { ...options.trustedDocuments, ...changes.trustedDocuments },
    metadata: { ...options.metadata, ...changes.metadata },
    events: { ...options.events, ...changes.events },
    purge: { ...options.purge, ...changes.purge },
  }
}

/** The Authorization header of a user. */
export async function bearer(
  userId: string,
  role = 'user',
  claimsBeside: Readonly<Record<string, string | readonly string[]>> = {},
): Promise<string> {
  const claims = {
    'x-hasura-allowed-roles': [role],
    'x-hasura-default-role': role,
    'x-hasura-user-id': userId,
    ...claimsBeside,
  }
  const token = await new SignJWT({ 'https://hasura.io/jwt/claims': claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(Buffer.from(JWT_KEY))
  return `Bearer ${token}`
}
