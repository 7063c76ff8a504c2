import { describe, expect, it } from 'vitest'
import { chain, recovered } from '../../../src/shared/awaitable.ts'

describe('chain', () => {
  it('goes on at once with a value', () => {
    expect(chain(1, (value) => value + 1)).toBe(2)
  })

  it('goes on with a promise when it is kept', async () => {
    await expect(chain(Promise.resolve(1), (value) => value + 1)).resolves.toBe(2)
  })

  it('passes a rejection on', async () => {
    await expect(chain(Promise.reject(new Error('no')), () => 1)).rejects.toThrow('no')
  })
})

describe('recovered', () => {
  const recover = (error: unknown): string => `recovered from ${String(error)}`

  it('gives what the work gives, at once when it is there', async () => {
    expect(recovered(() => 'value', recover)).toBe('value')
    await expect(recovered(() => Promise.resolve('late'), recover)).resolves.toBe('late')
  })

  it('recovers from what is thrown and from what is rejected', async () => {
    const thrown = recovered<string>(() => {
      throw new Error('thrown')
    }, recover)
    expect(thrown).toBe('recovered from Error: thrown')
    const rejected = recovered<string>(() => Promise.reject(new Error('late')), recover)
    await expect(rejected).resolves.toBe('recovered from Error: late')
  })
})
