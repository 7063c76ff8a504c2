import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type ServerProcess, startProgram } from './server-process.ts'

const POLL_MS = 20
const POLLS_MAX = 200

export function hasNginx(): boolean {
  return spawnSync('nginx', ['-v']).status === 0
}

/** nginx with one worker and proxy_cache, keyed on the token and the body as a GraphQL cache has to be. */
export async function startNginxCache(port: number, upstreamPort: number): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'gerbang-bench-nginx-'))
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'cache'), { mode: 0o777 })
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, configuration(folder, port, upstreamPort))
  const server = await startProgram('nginx', ['-c', file, '-p', folder], port, workersOf)
  return {
    ...server,
    async stop() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function workersOf(masterPid: number): Promise<readonly number[]> {
  for (let poll = 0; poll < POLLS_MAX; poll += 1) {
    await delay(POLL_MS)
    const workers = readdirSync('/proc').filter(
      (name) => /^\d+$/.test(name) && isWorker(name, masterPid),
    )
    if (workers.length > 0) return workers.map(Number)
  }
  throw new Error('nginx started no worker')
}

function isWorker(pid: string, masterPid: number): boolean {
  try {
    const parent = /\nPPid:\t(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
    const title = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
    return Number(parent?.[1]) === masterPid && title.includes('worker process')
  } catch {
    return false // It ended meanwhile.
  }
}

function configuration(folder: string, port: number, upstreamPort: number): string {
  return `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
user root;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_buffer_size 256k;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  tcp_nodelay on;
  sendfile on;
  open_file_cache max=10000 inactive=1h;
  proxy_cache_path ${folder}/cache keys_zone=answers:64m levels=1:2 max_size=1g inactive=1h use_temp_path=off;
  upstream hasura { server 127.0.0.1:${upstreamPort}; keepalive 64; }
  server {
    listen 127.0.0.1:${port};
    location = /v1/graphql {
      proxy_cache answers;
      proxy_cache_methods POST;
      proxy_cache_key "$http_authorization|$request_body";
      proxy_cache_valid 200 1h;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_pass http://hasura;
    }
  }
}
`
}
