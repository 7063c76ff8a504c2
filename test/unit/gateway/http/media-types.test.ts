import { describe, expect, it } from 'vitest'
import { MediaTypes } from '../../../../src/gateway/http/media-types.ts'

const JSON_NAME = 'application/json'
const GRAPHQL = 'application/graphql-response+json'

describe('MediaTypes', () => {
  it.each([
    [undefined],
    [''],
    ['*/*'],
    ['application/*'],
    [JSON_NAME],
    [`${JSON_NAME}; charset=utf-8`],
    [`text/html, ${JSON_NAME};q=0.5`],
    [`${JSON_NAME}, ${GRAPHQL}`],
    [`${JSON_NAME}, */*`],
    [`${GRAPHQL};q=0.8, ${JSON_NAME};q=0.9`],
    [`${GRAPHQL};q=0, */*`],
    [`${GRAPHQL}; charset=latin1, */*`],
    [`${GRAPHQL};q=2, */*`],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ])('sends application/json for %j', (accept) => {
    expect(new MediaTypes().of(accept)).toBe('json')
  })

  it.each([
    [GRAPHQL],
    [GRAPHQL.toUpperCase()],
    [`${GRAPHQL}; charset=utf-8, ${JSON_NAME}; charset=utf-8`],
    [`${GRAPHQL},${JSON_NAME};q=0.9`],
    [`${JSON_NAME};q=0.9, ${GRAPHQL}`],
    [`*/*, ${GRAPHQL}`],
    [`${JSON_NAME};q=0, */*`],
    [`${GRAPHQL}, application/graphql+json, ${JSON_NAME}, text/event-stream, multipart/mixed`],
  ])('sends application/graphql-response+json for %j', (accept) => {
    expect(new MediaTypes().of(accept)).toBe('graphql-response')
  })

  it.each([
    ['text/html'],
    [`${JSON_NAME};q=0`],
    ['*/*;q=0'],
    [`${JSON_NAME};charset=utf-16`],
    [','],
  ])('has nothing for %j', (accept) => {
    expect(new MediaTypes().of(accept)).toBeUndefined()
  })

  it('answers the same when it is asked again', () => {
    const types = new MediaTypes()
    const accepts = ['text/html', GRAPHQL, JSON_NAME, ' '.repeat(600)]
    const first = accepts.map((accept) => types.of(accept))
    expect(accepts.map((accept) => types.of(accept))).toEqual(first)
  })

  it('reads a long header in time that grows with its length', () => {
    const startedAt = performance.now()
    new MediaTypes().of(`${'a/b;q=0.1 ,;='.repeat(100_000)}`)
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})
