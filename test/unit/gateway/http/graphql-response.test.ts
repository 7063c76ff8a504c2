import { describe, expect, it } from 'vitest'
import { GatewayError, type GatewayErrorCode } from '../../../../src/gateway/errors.ts'
import {
  type ErrorForm,
  errorAnswer,
  toGatewayError,
} from '../../../../src/gateway/http/graphql-response.ts'

const AS_HASURA: ErrorForm = { preserve401Errors: false, mediaType: 'json' }

const answerTo = (
  code: GatewayErrorCode,
  {
    preserve401Errors = false,
    mediaType = 'json',
    status,
  }: Partial<ErrorForm & { status: number }> = {},
) =>
  errorAnswer(new GatewayError(code, 'no', status === undefined ? {} : { status }), {
    preserve401Errors,
    mediaType,
  })

describe('a refusal on /v1/graphql', () => {
  it('has Hasura’s shape', () => {
    const error = new GatewayError('validation-failed', 'not found', { path: '$.query' })
    expect(JSON.parse(errorAnswer(error, AS_HASURA).body.toString())).toEqual({
      errors: [
        { message: 'not found', extensions: { path: '$.query', code: 'validation-failed' } },
      ],
    })
  })

  it.each<[GatewayErrorCode, number]>([
    ['invalid-json', 200],
    ['validation-failed', 200],
    ['invalid-jwt', 200],
    ['access-denied', 200],
    ['batch-limit-exceeded', 200],
    ['payload-too-large', 413],
    ['unsupported-media-type', 415],
    ['rate-limit-exceeded', 429],
    ['upstream-unreachable', 502],
    ['upstream-invalid-response', 502],
    ['upstream-overloaded', 503],
    ['store-unavailable', 503],
    ['timeout', 504],
    ['unexpected', 500],
  ])('for %s is sent with status %i', (code, status) => {
    expect(answerTo(code).status).toBe(status)
  })

  it('keeps a 401, and only that, when Hasura is told to', () => {
    const preserve401Errors = true
    expect(answerTo('access-denied', { preserve401Errors }).status).toBe(401)
    expect(answerTo('access-denied', { preserve401Errors, status: 400 }).status).toBe(200)
    expect(answerTo('invalid-jwt', { preserve401Errors }).status).toBe(200)
  })

  it('has its own status and type as application/graphql-response+json', () => {
    const { status, headers } = answerTo('validation-failed', { mediaType: 'graphql-response' })
    expect(status).toBe(400)
    expect(headers.slice(0, 2)).toEqual([
      'Content-Type',
      'application/graphql-response+json; charset=utf-8',
    ])
  })

  it('is a failure only when what serves is at fault', () => {
    expect(answerTo('rate-limit-exceeded').outcome).toBe('refused')
    expect(answerTo('timeout').outcome).toBe('error')
  })

  it('must not be stored, and brings the headers of its error', () => {
    const error = new GatewayError('upstream-overloaded', 'busy', {
      headers: { 'Retry-After': '1' },
    })
    const { headers } = errorAnswer(error, AS_HASURA)
    expect(headers.join('\n')).toContain('Cache-Control\nno-store')
    expect(headers.join('\n')).toContain('Retry-After\n1')
  })

  it('says nothing of a bug', () => {
    const told = toGatewayError(new TypeError('secret is undefined'))
    expect(told.message).toBe('internal error')
  })
})
