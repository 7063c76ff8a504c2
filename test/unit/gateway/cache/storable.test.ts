import { describe, expect, it } from 'vitest'
import { whyNotStorable } from '../../../../src/gateway/cache/storable.ts'

const json = { 'content-type': 'application/json; charset=utf-8' }
const answer = (body: string, headers: Record<string, string | string[]> = json, status = 200) => ({
  status,
  headers,
  body: Buffer.from(body),
})
const BYTES_MAX = 100

describe('an answer', () => {
  it.each([
    ['a result', answer('{"data":{"a":1}}')],
    ['null data', answer('{"data":null}')],
    ['the word errors in its data', answer('{"data":{"errors":[]}}')],
    ['no charset', answer('{"data":{}}', { 'content-type': 'application/json' })],
    ['exactly as many bytes as allowed', answer(`{"data":"${'x'.repeat(BYTES_MAX - 11)}"}`)],
  ])('with %s is kept', (_case, kept) => {
    expect(whyNotStorable(kept, BYTES_MAX)).toBeUndefined()
  })

  it.each([
    ['status', answer('{"data":{}}', json, 500)],
    ['status', answer('{"data":{}}', json, 206)],
    ['content-type', answer('{"data":{}}', { 'content-type': 'text/html' })],
    ['content-type', answer('{"data":{}}', {})],
    ['content-encoding', answer('{"data":{}}', { ...json, 'content-encoding': 'gzip' })],
    ['set-cookie', answer('{"data":{}}', { ...json, 'set-cookie': ['a=b'] })],
    ['no-store', answer('{"data":{}}', { ...json, 'cache-control': 'private, no-store' })],
    ['size', answer(`{"data":"${'x'.repeat(BYTES_MAX - 10)}"}`)],
    ['not-json', answer('{"data":{"a":')],
    ['not-json', answer('<html>')],
    ['not-json', answer('{"rows":[]}')],
    ['errors', answer('{"errors":[{"message":"no"}]}')],
    ['not-json', answer('null')],
    ['errors', answer('{"data":null,"errors":[{"message":"no"}]}')],
    ['errors', answer('{"errors":[],"data":{}}')],
  ])('is not kept for its %s', (reason, unkept) => {
    expect(whyNotStorable(unkept, BYTES_MAX)).toBe(reason)
  })
})
