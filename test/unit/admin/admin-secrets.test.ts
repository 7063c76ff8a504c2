import { describe, expect, it } from 'vitest'
import { AdminSecrets } from '../../../src/admin/admin-secrets.ts'

describe('AdminSecrets', () => {
  it('admits each of the secrets', () => {
    const secrets = new AdminSecrets(['one', 'two'])
    expect(secrets.admits('one')).toBe(true)
    expect(secrets.admits('two')).toBe(true)
  })

  it.each([undefined, '', 'three', 'on', 'one ', ['one'], ['one', 'two']])('refuses %j', (sent) => {
    expect(new AdminSecrets(['one', 'two']).admits(sent)).toBe(false)
  })

  it('admits everybody when there is no secret', () => {
    expect(new AdminSecrets([]).admits(undefined)).toBe(true)
  })
})
