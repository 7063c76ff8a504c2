import type { SuiteMode } from './suite/baseline.ts'

/** Tests of Redis' suite that the engine does not pass, with one reason for all of them. */
export interface KnownDifference {
  readonly kind: 'not built' | 'deliberate'
  readonly reason: string
  /** Names of tests by their unit. */
  readonly tests: Readonly<Record<string, readonly string[]>>
  /** Seen only where the suite starts servers by itself. */
  readonly isSpawnOnly?: boolean
  /** Left out of the run: they never end, or what they leave behind would fail others. */
  readonly isSkipped?: boolean
}

/** docs/CONFORMANCE.md is made from this. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    kind: 'deliberate',
    reason:
      'Measures jemalloc, and is run only where INFO names it. The engine keeps values in a slab of its own.',
    tests: { 'unit/type/string': ['trim on SET with big value'] },
    isSkipped: true,
  },
  {
    kind: 'deliberate',
    reason:
      'Wants a pause of 20 ms while a set of a million members expires, as an event of LATENCY. The engine frees it in ' +
      'slices and has no such pause to tell of.',
    tests: { 'unit/latency-monitor': ['LATENCY of expire events are correctly collected'] },
  },
  {
    kind: 'deliberate',
    reason:
      'Clients have no buffers of their own while they are idle: all read into one buffer and write from another. ' +
      'CLIENT LIST tells qbuf and rbs of what a client has left unread or half sent.',
    tests: {
      'unit/querybuf': [
        'query buffer resized correctly',
        'query buffer resized correctly when not idle',
      ],
      'unit/replybufsize': ['verify reply buffer limits'],
    },
  },
  {
    kind: 'deliberate',
    isSpawnOnly: true,
    reason:
      'Kill the process that saves, count its pages, or go on from the files that such a test has left: the engine saves ' +
      'in slices between commands, and forks nothing.',
    tests: {
      'unit/shutdown': ['Temp rdb will be deleted if we use bg_unlink when shutdown'],
      'integration/rdb': ['Test child sending info', 'failed bgsave prevents writes'],
      'integration/aof-multi-part': [
        'AOF multiple rewrite failures will open multiple INCR AOFs',
        "AOF rewrite doesn't open new aof when AOF turn off",
        'AOF enable/disable auto gc',
        'AOF can produce consecutive sequence number after reload',
        'AOF enable during BGSAVE will not write data util AOFRW finish',
        'AOF will trigger limit when AOFRW fails many times',
        'AOF will open a temporary INCR AOF to accumulate data until the first AOFRW success when AOF is dynamically enabled',
      ],
    },
  },
  {
    kind: 'deliberate',
    isSpawnOnly: true,
    isSkipped: true,
    reason:
      'Kill the process that makes a copy for replicas, or this one to see whether the other ends: a copy is made in slices ' +
      'between commands, by no other process. A test that finds none leaves its servers behind.',
    tests: {
      'integration/replication': [
        'diskless replication child being killed is collected',
        'replication child dies when parent is killed - diskless: yes',
        'replication child dies when parent is killed - diskless: no',
      ],
    },
  },
  {
    kind: 'deliberate',
    isSpawnOnly: true,
    reason:
      'Wants a copy that nobody waits for any more to go on, since Redis makes one on disk where it saves. Here it goes to a ' +
      'file of its own, which would be of no use.',
    tests: {
      'integration/replication': ['Kill rdb child process if its dumping RDB is not useful'],
    },
  },
  {
    kind: 'deliberate',
    isSpawnOnly: true,
    reason:
      'Interrupts a read by the signal of the watchdog of Redis, which tells where a process hangs. Nothing here waits in a read.',
    tests: {
      'integration/replication': ['replica can handle EINTR if use diskless load'],
    },
  },
  {
    kind: 'deliberate',
    isSpawnOnly: true,
    reason:
      'Wants other clients to be told LOADING while DEBUG LOADAOF runs a script: it is one step of the event loop here. ' +
      'While an engine starts they are told.',
    tests: { 'integration/aof': ['EVAL timeout with slow verbatim Lua script from AOF'] },
  },
  {
    kind: 'deliberate',
    isSpawnOnly: true,
    reason:
      'Asks for a billion draws from a hash, to be hung up on amid them. More than 16,777,216 are refused, whatever a client ' +
      'may leave unread; what is hung up on amid its draws is a client that asks for less.',
    tests: { 'unit/obuf-limits': ['Obuf limit, HRANDFIELD with huge count stopped mid-run'] },
  },
  {
    kind: 'deliberate',
    isSpawnOnly: true,
    isSkipped: true,
    reason:
      'Fill the buffers of a client and look in the same moment: the engine evicts it when the bytes have come in. What ' +
      'the first leaves behind would fail others.',
    tests: {
      'unit/client-eviction': [
        'client evicted due to percentage of maxmemory',
        'client evicted due to output buf',
      ],
    },
  },
  {
    kind: 'deliberate',
    isSpawnOnly: true,
    reason:
      'Stops the process, and wants sockets to be served afterwards in the order in which they were written to: libuv ' +
      'promises none, and it passes now and then.',
    tests: {
      'unit/client-eviction': ['avoid client eviction when client is freed by output buffer limit'],
    },
  },
]

export function knownIn(unit: string, mode: SuiteMode): readonly string[] {
  return KNOWN_DIFFERENCES.filter(
    ({ isSpawnOnly }) => mode === 'spawn' || isSpawnOnly !== true,
  ).flatMap(({ tests }) => tests[unit] ?? [])
}

export function skippedIn(unit: string, mode: SuiteMode): readonly string[] {
  const known = knownIn(unit, mode)
  return KNOWN_DIFFERENCES.filter(({ isSkipped }) => isSkipped === true)
    .flatMap(({ tests }) => tests[unit] ?? [])
    .filter((name) => known.includes(name))
}
