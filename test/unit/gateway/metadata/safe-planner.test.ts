import { describe, expect, it } from 'vitest'
import { safePlanner } from '../../../../src/gateway/metadata/safe-planner.ts'
import { operationOf } from '../../../support/prepare.ts'

describe('the safe planner', () => {
  const plan = (text: string) => safePlanner.plan(operationOf(text), 'user', undefined)

  it.each(['{ users { id } }', '{ __typename users { id } }'])('shares no answer: %s', (query) => {
    expect(plan(query)).toEqual({
      sessionVariables: 'all',
      reads: ['any-write'],
      writes: [],
      uncacheable: undefined,
    })
  })

  it.each(['{ __schema { types { name } } }', '{ users { id } __type(name: "x") { name } }'])(
    'caches no introspection: %s',
    (query) => expect(plan(query).uncacheable).toBe('introspection'),
  )

  it('takes every mutation for one of everything', () => {
    expect(plan('mutation { delete_users(where: {}) { affected_rows } }')).toMatchObject({
      writes: ['everything'],
      uncacheable: 'not-a-query',
    })
  })

  it('leaves subscriptions alone', () => {
    expect(plan('subscription { users { id } }')).toMatchObject({
      writes: [],
      uncacheable: 'not-a-query',
    })
  })
})
