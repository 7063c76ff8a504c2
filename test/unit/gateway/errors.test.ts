import { describe, expect, it } from 'vitest'
import { GatewayError, graphqlErrorBody, plainErrorBody } from '../../../src/gateway/errors.ts'

describe('GatewayError', () => {
  it('takes the usual status of its code, or the one it is given', () => {
    expect(new GatewayError('rate-limit-exceeded', 'slow down').status).toBe(429)
    expect(new GatewayError('access-denied', 'no', { status: 403 }).status).toBe(403)
  })

  it('keeps its cause', () => {
    const cause = new Error('ECONNREFUSED')
    expect(new GatewayError('upstream-unreachable', 'down', { cause }).cause).toBe(cause)
  })
})

describe('graphqlErrorBody', () => {
  it("has Hasura's shape and no data key", () => {
    const error = new GatewayError('validation-failed', 'not a valid graphql query', {
      path: '$.query',
    })
    expect(graphqlErrorBody(error)).toBe(
      '{"errors":[{"message":"not a valid graphql query","extensions":{"path":"$.query","code":"validation-failed"}}]}',
    )
  })

  it('appends further extensions', () => {
    const error = new GatewayError('rate-limit-exceeded', 'slow down', {
      extensions: { limit: 10 },
    })
    expect(JSON.parse(graphqlErrorBody(error)).errors[0].extensions).toEqual({
      path: '$',
      code: 'rate-limit-exceeded',
      limit: 10,
    })
  })
})

describe('plainErrorBody', () => {
  it("has Hasura's shape of the other endpoints", () => {
    expect(plainErrorBody(new GatewayError('not-found', 'resource does not exist'))).toBe(
      '{"path":"$","error":"resource does not exist","code":"not-found"}',
    )
  })
})
