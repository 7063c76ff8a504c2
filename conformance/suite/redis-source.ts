import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const SUITE_VERSION = '7.0.15'

const DEBIAN_SOURCES = '/etc/apt/sources.list.d/debian.sources'
const HELPER = 'tests/test_helper.tcl'

export class NoRedisSource extends Error {
  override readonly name = 'NoRedisSource'
}

/**
 * The unpacked source of Redis 7.0.15: REDIS_SOURCE, or Debian's source package in the user's cache, downloaded when it
 * is not there yet. Throws `NoRedisSource` when it cannot be had.
 */
export function redisSource(): string {
  const given = process.env['REDIS_SOURCE']
  if (given !== undefined) {
    if (existsSync(join(given, HELPER))) return given
    throw new NoRedisSource(`no ${HELPER} in REDIS_SOURCE=${given}`)
  }
  return cachedSource() ?? download()
}

/** The same without a download: `undefined` when it is not there. */
export function presentRedisSource(): string | undefined {
  return process.env['REDIS_SOURCE'] ?? cachedSource()
}

function cachedSource(): string | undefined {
  const folder = join(cacheFolder(), `redis-${SUITE_VERSION}`)
  return existsSync(join(folder, HELPER)) ? folder : undefined
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'gerbang-conformance')
}

/** apt with lists and sources of its own: the system's stay as they are, and no rights of root are needed. */
function download(): string {
  if (!existsSync(DEBIAN_SOURCES)) {
    throw new NoRedisSource(`${DEBIAN_SOURCES} is missing: set REDIS_SOURCE to the unpacked source`)
  }
  const cache = cacheFolder()
  const sources = join(cache, 'sources.d')
  for (const folder of [sources, join(cache, 'lists/partial'), join(cache, 'archives/partial')]) {
    mkdirSync(folder, { recursive: true })
  }
  const text = readFileSync(DEBIAN_SOURCES, 'utf8')
  writeFileSync(
    join(sources, 'debian.sources'),
    text.replaceAll(/^Types: deb$/gm, 'Types: deb-src'),
  )
  const options = [
    'Dir::Etc::sourcelist=/dev/null',
    `Dir::Etc::sourceparts=${sources}`,
    `Dir::State::lists=${join(cache, 'lists')}`,
    `Dir::Cache=${cache}`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option])
  run('apt-get', [...options, '-qq', 'update'], cache)
  run('apt-get', [...options, '-qq', '--download-only', 'source', 'redis'], cache)
  run('tar', ['-xzf', `redis_${SUITE_VERSION}.orig.tar.gz`], cache)
  const folder = cachedSource()
  if (folder === undefined) throw new NoRedisSource(`the package has no ${HELPER}`)
  return folder
}

function run(program: string, args: readonly string[], folder: string): void {
  const { status, error, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' })
  if (status === 0) return
  throw new NoRedisSource(`${program} ${args.at(-1)}: ${error?.message ?? stderr}`)
}
