import { SignJWT } from 'jose'
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway/index.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { silentLogger } from '../../src/shared/logger.ts'
import { systemRandom } from '../../src/shared/random.ts'
import type { Store } from '../../src/store/index.ts'
import { gatewayOptions, JWT_KEY } from './gateway-options.ts'
import { openStore } from './open-store.ts'

export interface RunningGateway {
  readonly gateway: Gateway
  readonly url: string
  readonly store: Store
  stop(): Promise<void>
}

/** A gateway on a free port, over a store of its own unless one is given. */
export async function startGateway(
  options: GatewayOptions,
  store: Store = openStore(systemClock),
): Promise<RunningGateway> {
  const gateway = createGateway(options, {
    store,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  })
  await gateway.start()
  return {
    gateway,
    url: `http://127.0.0.1:${gateway.address.port}`,
    store,
    stop: () => gateway.stop(),
  }
}

/** In front of `upstreamUrl`, with changes to the options. */
export async function startGatewayTo(
  upstreamUrl: string,
  changes: Partial<GatewayOptions> = {},
  store?: Store,
): Promise<RunningGateway> {
  return await startGateway({ ...gatewayOptions(upstreamUrl), ...changes }, store)
}

/** The Authorization header of a user. */
export async function bearer(
  userId: string,
  role = 'user',
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const claims = {
    'x-hasura-allowed-roles': [role],
    'x-hasura-default-role': role,
    'x-hasura-user-id': userId,
    ...variables,
  }
  const token = await new SignJWT({ 'https://hasura.io/jwt/claims': claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(Buffer.from(JWT_KEY))
  return `Bearer ${token}`
}
