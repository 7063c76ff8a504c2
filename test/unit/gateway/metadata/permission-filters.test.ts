import { describe, expect, it } from 'vitest'
import { sessionVariablesIn } from '../../../../src/gateway/metadata/permission-filters.ts'

describe('sessionVariablesIn', () => {
  it.each<[object, readonly string[]]>([
    [{}, []],
    [{ user_id: { _eq: 'X-Hasura-User-Id' } }, ['x-hasura-user-id']],
    [{ user_id: { _eq: 'x-hasura-USER-id' } }, ['x-hasura-user-id']],
    [{ user_id: { _eq: 'REQ_USER_ID' } }, ['x-hasura-user-id']],
    [{ user_id: 'req_user_id' }, ['x-hasura-user-id']],
    [{ id: { _in: 'X-Hasura-Ids' } }, ['x-hasura-ids']],
    [{ id: { _in: ['X-Hasura-A', 1, null, 'X-Hasura-B'] } }, ['x-hasura-a', 'x-hasura-b']],
    [{ _not: { _or: [{ a: { b: { c: { _gt: 'x-hasura-Deep' } } } }] } }, ['x-hasura-deep']],
    [
      { _exists: { _table: 'members', _where: { id: { _eq: 'X-Hasura-Org-Id' } } } },
      ['x-hasura-org-id'],
    ],
    [{ data: { _contains: { owner: 'X-Hasura-User-Id' } } }, ['x-hasura-user-id']],
    [{ role: { _eq: 'X-Hasura-Role' } }, []],
    [{ name: { _eq: 'not-x-hasura-user-id' } }, []],
    [{ 'X-Hasura-User-Id': { _is_null: false } }, []],
  ])('finds in %j', (filter, names) => {
    expect([...sessionVariablesIn(filter)].sort()).toEqual(names)
  })
})
