import { describe, expect, it } from 'vitest'
import { TopList } from '../../../../src/gateway/statistics/top-list.ts'

describe('TopList', () => {
  it('lists the most frequent first', () => {
    const list = new TopList(10)
    for (const name of ['a', 'b', 'b', 'c', 'b', 'c']) list.add(name)
    expect(list.top(2)).toEqual([
      { name: 'b', count: 3, countError: 0 },
      { name: 'c', count: 2, countError: 0 },
    ])
  })

  it('keeps a frequent name among any number of others', () => {
    const list = new TopList(10)
    for (let index = 0; index < 1_000; index += 1) {
      list.add(`rare ${index}`)
      if (index % 5 === 0) list.add('frequent')
    }
    const [first] = list.top(1)
    expect(first?.name).toBe('frequent')
    expect((first?.count ?? 0) - (first?.countError ?? 0)).toBeLessThanOrEqual(200)
    expect(list.top(100)).toHaveLength(10)
  })
})
