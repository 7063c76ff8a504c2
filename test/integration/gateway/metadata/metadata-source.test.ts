import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UpstreamStatistics } from '../../../../src/gateway/statistics/upstream-statistics.ts'
import { UpstreamMetadataSource } from '../../../../src/gateway/upstream/metadata-source.ts'
import { UpstreamClient } from '../../../../src/gateway/upstream/upstream-client.ts'
import { systemClock } from '../../../../src/shared/clock.ts'
import { EchoUpstream, sendJson } from '../../../support/echo-upstream.ts'
import { gatewayOptions } from '../../../support/gateway-options.ts'

describe('asking Hasura about itself', () => {
  let upstream: EchoUpstream
  let client: UpstreamClient
  let said: object

  beforeEach(async () => {
    upstream = new EchoUpstream()
    await upstream.start()
    upstream.respond = (_request, response) => sendJson(response, said)
    const options = gatewayOptions(upstream.url).upstream
    const statistics = new UpstreamStatistics()
    client = new UpstreamClient({ upstream: options, clock: systemClock, statistics })
  })
  afterEach(async () => {
    await client.destroy()
    await upstream.stop()
  })

  it('reads what is said again only once', async () => {
    const source = new UpstreamMetadataSource(client, 'secret', systemClock)
    const ask = () => source.fetchJson('/v1/metadata', {}, new AbortController().signal)
    said = { tables: Array.from({ length: 20_000 }, (_, id) => ({ id, name: `table "${id}"` })) }
    const first = await ask()
    expect(first).toEqual(said)
    expect(await ask()).toBe(first)
    said = { tables: [] }
    expect(await ask()).toEqual(said)
  })
})
