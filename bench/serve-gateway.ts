// The gateway as `gerbang serve` composes it, with everything on that is on by default.
import { compose } from '../src/app/compose.ts'
import { loadConfig } from '../src/config/index.ts'
import { createLogger } from '../src/shared/create-logger.ts'
import { startInOrder } from '../src/shared/lifecycle.ts'

const CONFIG = `
cache:
  rules:
    - ttl: 1h
rate_limit:
  rules:
    - name: per-user
      per: user
      limit: 10000000
      window: 60s
`

const config = loadConfig({
  fileName: 'bench.yaml',
  environment: process.env,
  flags: new Map([
    ['host', '127.0.0.1'],
    ['port', '0'],
    ['admin-port', '0'],
  ]),
  readFile: () => CONFIG,
})
const log = createLogger(config.log)
const app = compose(config, log)
await startInOrder(app.parts, log)
process.send?.(Number(new URL(app.addresses().gateway).port))
process.on('SIGTERM', () => process.exit(0))
