import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../../support/browser.ts'
import { type Certificate, TestAuthority } from '../../support/certificates.ts'
import { CliProcess } from '../../support/cli-process.ts'
import { freePort } from '../../support/free-port.ts'
import { JWT_KEY } from '../../support/gateway-options.ts'
import { READ_OWN, RowUpstream } from '../../support/row-upstream.ts'
import { findTool, requireToolInCi } from '../../support/tools.ts'
import { userToken } from '../../support/user-token.ts'
import { eventually } from '../../support/wait-until.ts'

requireToolInCi('openssl')

interface Serving {
  readonly cli: CliProcess
  readonly url: string
}

describe.skipIf(findTool('openssl') === undefined)(
  'a gateway that follows another over TLS',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'gerbang-encrypted-'))
    const upstream = new RowUpstream()
    const running: CliProcess[] = []
    let ours: TestAuthority
    let theirs: TestAuthority
    let certificate: Certificate

    beforeAll(async () => {
      ours = new TestAuthority(folder, 'our-authority')
      theirs = new TestAuthority(folder, 'their-authority')
      certificate = ours.sign('gateway')
      await upstream.start()
    })

    afterEach(async () => {
      await Promise.all(running.splice(0).map((cli) => cli.stop('SIGKILL')))
    })

    afterAll(async () => {
      await upstream.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    async function serve(environment: Readonly<Record<string, string>>): Promise<Serving> {
      const fixed = ['--port', '0', '--admin-port', '0', '--host', '127.0.0.1']
      const cli = new CliProcess(['serve', ...fixed], {
        HASURA_GRAPHQL_ENDPOINT: upstream.url,
        HASURA_GRAPHQL_ADMIN_SECRET: 'the secret of this test',
        HASURA_GRAPHQL_JWT_SECRET: JSON.stringify({ type: 'HS256', key: JWT_KEY }),
        GERBANG_SESSION_SECRET: 'the same on both, of more than 32 characters',
        GERBANG_REDIS_PASSWORD: 'the same on both, too',
        GERBANG_REDIS_TLS_CERT: certificate.cert,
        GERBANG_REDIS_TLS_KEY: certificate.key,
        ...environment,
      })
      running.push(cli)
      const log = await cli.logged(/"msg":"ready"/)
      const line = log.split('\n').find((candidate) => candidate.includes('"msg":"ready"'))
      return { cli, url: JSON.parse(line ?? '').gateway }
    }

    async function serveReplicaOf(port: number, authority: TestAuthority): Promise<Serving> {
      return await serve({
        GERBANG_SESSIONS_REDIS_PORT: String(await freePort()),
        GERBANG_SESSIONS_REPLICA_OF: `rediss://127.0.0.1:${port}`,
        NODE_EXTRA_CA_CERTS: authority.cert,
      })
    }

    it('knows its sessions, and it those of the replica', async () => {
      const port = await freePort()
      const first = await serve({ GERBANG_SESSIONS_REDIS_PORT: String(port) })
      const second = await serveReplicaOf(port, ours)
      await second.cli.logged(/Finished with success|Successful partial resynchronization/)
      for (const [here, there] of [
        [first, second],
        [second, first],
      ] as const) {
        const browser = new Browser(here.url)
        await eventually(async () => (await browser.login(userToken('u1'))).status === 201)
        const answer = await browser.copy(there.url).ask(READ_OWN)
        expect(JSON.parse(answer.text)).toEqual({ data: { orders: [{ user_id: 'u1' }] } })
      }
    })

    it('gets nothing from one whose authority it does not know, and says why', async () => {
      const port = await freePort()
      const first = await serve({ GERBANG_SESSIONS_REDIS_PORT: String(port) })
      const browser = new Browser(first.url)
      expect((await browser.login(userToken('u1'))).status).toBe(201)
      const second = await serveReplicaOf(port, theirs)
      await second.cli.logged(
        /Error condition on socket for SYNC: unable to verify the first certificate/,
      )
      const { status } = await browser.copy(second.url).ask(READ_OWN)
      expect(status).not.toBe(200)
    })
  },
)
