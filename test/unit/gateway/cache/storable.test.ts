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
    ['nothing to follow', answer('{"data":{"pending":1},"hasNext":false}')],
    ['the word errors in its data', answer('{"data":{"errors":[]}}')],
    ['no charset', answer('{"data":{}}', { 'content-type': 'application/json' })],
    [
      'a directive of the upstream that allows it',
      answer('{"data":{}}', { ...json, 'cache-control': 'public, max-age=10, x-private=1' }),
    ],
    ['a Vary of fields that are not sent', answer('{"data":{}}', { ...json, vary: 'Origin' })],
    ['exactly as many bytes as allowed', answer(`{"data":{"a":"${'x'.repeat(BYTES_MAX - 17)}"}}`)],
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
    ['no-store', answer('{"data":{}}', { ...json, 'cache-control': 'private' })],
    ['no-store', answer('{"data":{}}', { ...json, 'cache-control': 'public,no-cache="x"' })],
    ['no-store', answer('{"data":{}}', { ...json, 'cache-control': 'max-age=0' })],
    ['no-store', answer('{"data":{}}', { ...json, vary: '*' })],
    ['no-data', answer('{"data":null}')],
    ['no-data', answer('{"data":"text"}')],
    ['content-type', answer('{"data":{}}', { 'content-type': 'multipart/mixed; boundary="-"' })],
    ['content-type', answer('{"data":{}}', { 'content-type': 'application/json; charset=latin1' })],
    ['size', answer(`{"data":"${'x'.repeat(BYTES_MAX - 10)}"}`)],
    ['not-json', answer('{"data":{"a":')],
    ['not-json', answer('<html>')],
    ['not-json', answer('{"rows":[]}')],
    ['errors', answer('{"errors":[{"message":"no"}]}')],
    ['not-json', answer('null')],
    ['errors', answer('{"data":null,"errors":[{"message":"no"}]}')],
    ['errors', answer('{"errors":[],"data":{}}')],
    ['incomplete', answer('{"data":{},"hasNext":true}')],
    ['incomplete', answer('{"data":{},"pending":[]}')],
    ['incomplete', answer('{"data":{},"incremental":[]}')],
  ])('is not kept for its %s', (reason, unkept) => {
    expect(whyNotStorable(unkept, BYTES_MAX)).toBe(reason)
  })
})
