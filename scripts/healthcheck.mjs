// Exit code 0 when the gateway in this container is alive: its admin listener answers /healthz.
const { GERBANG_ADMIN_HOST: host = '', GERBANG_ADMIN_PORT: port = '' } = process.env
const address = host === '' || host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host
const answer = await fetch(`http://${address}:${port || 8001}/healthz`, {
  signal: AbortSignal.timeout(4_000),
})
process.exitCode = answer.ok ? 0 : 1
