import { describe, expect, it } from 'vitest'
import { Epochs } from '../../../../src/gateway/cache/epochs.ts'
import { epochKey } from '../../../../src/gateway/keys.ts'
import { seededRandom } from '../../../../src/shared/random.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { openStore } from '../../../support/open-store.ts'

const ROW = 'row:default:public.orders:["1"]'
const ROWS = 'rows:default:public.orders'

function setUp() {
  const clock = new FakeClock()
  const store = openStore(clock)
  const epochs = new Epochs({ store, random: seededRandom(1), clock, entryLifeMaxMs: 3_600_000 })
  const stampOf = (tag: string) => store.get(epochKey(tag))?.toString('hex')
  const complete = async (tag: string) => {
    const key = epochKey(tag)
    const stamps = await epochs.complete([key], [store.get(key)])
    return stamps?.map((stamp) => stamp.toString('hex'))
  }
  return { epochs, stampOf, complete }
}

describe('the stamp of a row', () => {
  it('is another after each write', async () => {
    const { epochs, complete } = setUp()
    const before = await complete(ROW)
    expect(await complete(ROW)).toEqual(before)
    await epochs.bump([ROW])
    const after = await complete(ROW)
    expect(after).toHaveLength(1)
    expect(after).not.toEqual(before)
  })

  it('is not in the store when nobody has read the row', async () => {
    const { epochs, stampOf } = setUp()
    await epochs.bump([ROW, ROWS])
    expect(stampOf(ROW)).toBeUndefined()
    expect(stampOf(ROWS)).toHaveLength(32)
  })
})
