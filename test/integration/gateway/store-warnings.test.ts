import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/shared/clock.ts'
import { type Store, StoreError } from '../../../src/store/index.ts'
import { type Asked, ask } from '../../support/ask.ts'
import { failingStore } from '../../support/failing-store.ts'
import { openStore } from '../../support/open-store.ts'
import { bearer, startWorld } from '../../support/start-gateway.ts'

const PRODUCTS = '{ products { id } }'
const user = { authorization: await bearer('1') }

/** A store that has room for small values only, as one that is full. */
function fullStore(): Store {
  const store = openStore(systemClock)
  const run: Store['run'] = (procedure, keys, args) => {
    const isLarge = args.some((argument) => Buffer.isBuffer(argument) && argument.length > 100)
    if (isLarge) throw new StoreError('out-of-memory', 'no room')
    return store.run(procedure, keys, args)
  }
  return { ...failingStore(store), run }
}

const told = ({ status, headers }: Asked) => [status, headers['cache-status'], headers['warning']]

describe('an answer that could not be kept', () => {
  it('says so when it is too large', async () => {
    const { url } = await startWorld({ cache: { entryBytesMax: 10 } })
    const answer = await ask(url, PRODUCTS, { ...user, origin: 'http://shop.example' })
    const warning = '199 - cache-store-size-limit-exceeded'
    expect(told(answer)).toEqual([200, 'gerbang; fwd=miss; detail=size', warning])
    expect(answer.headers['access-control-expose-headers']).toContain('Warning')
    expect(answer.headers).not.toHaveProperty('x-hasura-query-cache-key')
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  it('says so when the store is full', async () => {
    const { url } = await startWorld({}, { store: fullStore() })
    const warning = '199 - cache-store-capacity-exceeded'
    const status = 'gerbang; fwd=miss; detail=capacity'
    expect(told(await ask(url, PRODUCTS, user))).toEqual([200, status, warning])
  })

  it('says so when the store fails', async () => {
    const store = failingStore(openStore(systemClock))
    const { url } = await startWorld({}, { store })
    store.isDown = true
    const warning = '199 - cache-store-error'
    const status = 'gerbang; fwd=miss; detail=store'
    expect(told(await ask(url, PRODUCTS, user))).toEqual([200, status, warning])
  })
})
