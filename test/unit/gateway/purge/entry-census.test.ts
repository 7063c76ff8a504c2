import { describe, expect, it } from 'vitest'
import { EntryCensus } from '../../../../src/gateway/purge/entry-census.ts'

const entry = (cacheKey: string, ...selectors: string[]) => ({ cacheKey, selectors })
const census = (entriesMax = 10, isStoreShared = false) =>
  new EntryCensus({ entriesMax, isStoreShared })

describe('EntryCensus', () => {
  it('counts an entry once, however many selectors match and however often it was kept', () => {
    const counted = census()
    counted.kept(entry('a', 'role:user', 'tag:t'), 100)
    counted.kept(entry('a', 'role:user', 'tag:t'), 200)
    counted.kept(entry('b', 'role:admin', 'tag:t'), 200)
    expect(counted.count(['role:user', 'tag:t'], 0)).toEqual({ entries: 2, isComplete: true })
    expect(counted.count(['role:user'], 0).entries).toBe(1)
    expect(counted.count(['role:nobody'], 0).entries).toBe(0)
  })

  it('counts until the entry expires', () => {
    const counted = census()
    counted.kept(entry('a', 'tag:t'), 100)
    expect(counted.count(['tag:t'], 99).entries).toBe(1)
    expect(counted.count(['tag:t'], 100).entries).toBe(0)
    expect(counted.size).toBe(0)
  })

  it('forgets what was purged', () => {
    const counted = census()
    counted.kept(entry('a', 'tag:t'), 100)
    counted.kept(entry('b', 'tag:u'), 100)
    counted.forget(['tag:t'])
    expect(counted.count(['tag:t', 'tag:u'], 0).entries).toBe(1)
  })

  it('is incomplete while one lives that it had to forget', () => {
    const counted = census(2)
    counted.kept(entry('a', 'tag:t'), 100)
    counted.kept(entry('b', 'tag:t'), 200)
    counted.kept(entry('c', 'tag:t'), 300)
    expect(counted.size).toBe(2)
    expect(counted.count(['tag:t'], 99)).toEqual({ entries: 2, isComplete: false })
    expect(counted.count(['tag:t'], 100)).toEqual({ entries: 2, isComplete: true })
  })

  it('is never complete for a store that others write to', () => {
    expect(census(10, true).count(['tag:t'], 0)).toEqual({ entries: 0, isComplete: false })
  })

  it('remembers nothing when told so', () => {
    const counted = census(0)
    counted.kept(entry('a', 'tag:t'), 100)
    expect(counted.count(['tag:t'], 0)).toEqual({ entries: 0, isComplete: false })
  })
})
