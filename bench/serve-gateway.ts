// The gateway as `gerbang serve` composes it, with everything on that is on by default and a limit for each user;
// with BENCH_UNPROTECTED=1 it counts nothing and takes everybody for the same role, unseen.
import { compose } from '../src/app/compose.ts'
import { loadConfig } from '../src/config/index.ts'
import { createLogger } from '../src/shared/create-logger.ts'
import { startInOrder } from '../src/shared/lifecycle.ts'

const CACHE = `
cache:
  rules:
    - ttl: 1h
`
const UNPROTECTED = `
auth:
  unauthorized_role: user
rate_limit:
  enabled: false
`
const PROTECTED = `
rate_limit:
  rules:
    - name: per-user
      per: user
      limit: 10000000
      window: 60s
`

const isProtected = process.env['BENCH_UNPROTECTED'] !== '1'

const config = loadConfig({
  fileName: 'bench.yaml',
  environment: process.env,
  flags: new Map([
    ['host', '127.0.0.1'],
    ['port', '0'],
    ['admin-port', '0'],
  ]),
  readFile: () => CACHE + (isProtected ? PROTECTED : UNPROTECTED),
})
const log = createLogger(config.log)
const app = compose(config, log)
await startInOrder(app.parts, log)
process.send?.(Number(new URL(app.addresses().gateway).port))
process.on('SIGTERM', () => process.exit(0))
