import { flags, oomScores } from '../compound-types.ts'
import type { Directive } from '../directive.ts'
import { boolean, checkedText, integer, oneOf, only, text } from '../simple-types.ts'
import { INT_MAX, LONG_MAX } from './bounds.ts'

const IN_FOREGROUND = 'runs in the foreground only; let a service manager put it behind'
const NO_SYSLOG = 'the log goes to logfile or standard output; let a service manager take it'
const NO_AFFINITY = 'Node binds no threads to processors'
const NOT_REDIS = 'V8 and the operating system tell of crashes in their own way'
const TITLE_VARIABLES =
  /\{(?:title|listen-addr|server-mode|port|tls-port|unixsocket|config-file)\}/g

const allowed = {
  type: oneOf(['no', 'yes', 'local']),
  defaultValue: 'no',
  isImmutable: true,
} as const
const processors = {
  type: text,
  defaultValue: '',
  isAbsentWhenEmpty: true,
  isImmutable: true,
  unused: NO_AFFINITY,
} as const
const onSignal = {
  type: flags('default', ['save', 'nosave', 'now', 'force'], (given) =>
    given.has('save') && given.has('nosave')
      ? "shutdown options SAVE and NOSAVE can't be used simultaneously"
      : undefined,
  ),
  defaultValue: 'default',
} as const

/** Security, logging and the process itself. */
export const PROCESS_DIRECTIVES: readonly Directive[] = [
  { name: 'requirepass', type: text, defaultValue: '', isAbsentWhenEmpty: true, isSensitive: true },
  { name: 'aclfile', type: text, defaultValue: '', isImmutable: true },
  { name: 'acllog-max-len', type: integer({ min: 0n, max: LONG_MAX }), defaultValue: '128' },
  {
    name: 'acl-pubsub-default',
    type: oneOf(['allchannels', 'resetchannels']),
    defaultValue: 'resetchannels',
  },
  { name: 'enable-protected-configs', ...allowed },
  { name: 'enable-debug-command', ...allowed },
  { name: 'enable-module-command', ...allowed, unused: 'there are no modules' },
  {
    name: 'loglevel',
    type: oneOf(['debug', 'verbose', 'notice', 'warning']),
    defaultValue: 'notice',
  },
  { name: 'logfile', type: text, defaultValue: '', isImmutable: true },
  { name: 'pidfile', type: text, defaultValue: '', isAbsentWhenEmpty: true, isImmutable: true },
  { name: 'daemonize', type: only('no', IN_FOREGROUND), defaultValue: 'no', isImmutable: true },
  {
    name: 'supervised',
    type: oneOf(['upstart', 'systemd', 'auto', 'no']),
    defaultValue: 'no',
    isImmutable: true,
    unused: 'readiness is told by the log line "Ready to accept connections"',
  },
  { name: 'shutdown-timeout', type: integer({ min: 0n, max: INT_MAX }), defaultValue: '10' },
  { name: 'shutdown-on-sigint', ...onSignal },
  { name: 'shutdown-on-sigterm', ...onSignal },
  {
    name: 'always-show-logo',
    type: boolean,
    defaultValue: 'no',
    isImmutable: true,
    unused: 'there is no logo',
  },
  {
    name: 'set-proc-title',
    type: boolean,
    defaultValue: 'yes',
    isImmutable: true,
    unused: 'the title is left alone',
  },
  {
    name: 'proc-title-template',
    type: checkedText(titleError),
    defaultValue: '{title} {listen-addr} {server-mode}',
    unused: 'the title is left alone',
  },
  {
    name: 'ignore-warnings',
    type: text,
    defaultValue: '',
    unused: 'nothing here warns of the kernel',
  },
  { name: 'bind-source-addr', type: text, defaultValue: '', isAbsentWhenEmpty: true },
  {
    name: 'syslog-enabled',
    type: boolean,
    defaultValue: 'no',
    isImmutable: true,
    unused: NO_SYSLOG,
  },
  { name: 'syslog-ident', type: text, defaultValue: 'redis', isImmutable: true, unused: NO_SYSLOG },
  {
    name: 'syslog-facility',
    type: oneOf(['user', ...Array.from({ length: 8 }, (_, index) => `local${index}`)]),
    defaultValue: 'local0',
    isImmutable: true,
    unused: NO_SYSLOG,
  },
  {
    name: 'oom-score-adj',
    type: oneOf(['no', 'yes', 'relative', 'absolute'], { relative: 'yes' }),
    defaultValue: 'no',
    unused: 'the score of the process is left alone',
  },
  {
    name: 'oom-score-adj-values',
    type: oomScores,
    defaultValue: '0 200 800',
    unused: 'the score of the process is left alone',
  },
  {
    name: 'disable-thp',
    type: boolean,
    defaultValue: 'yes',
    isImmutable: true,
    unused: 'nothing forks, so large pages do no harm',
  },
  {
    name: 'jemalloc-bg-thread',
    type: boolean,
    defaultValue: 'yes',
    unused: 'memory is not jemalloc’s',
  },
  { name: 'crash-log-enabled', type: boolean, defaultValue: 'yes', unused: NOT_REDIS },
  { name: 'crash-memcheck-enabled', type: boolean, defaultValue: 'yes', unused: NOT_REDIS },
  {
    name: 'use-exit-on-panic',
    type: boolean,
    defaultValue: 'no',
    isHidden: true,
    unused: NOT_REDIS,
  },
  {
    name: 'watchdog-period',
    type: integer({ min: 0n, max: INT_MAX }),
    defaultValue: '0',
    isHidden: true,
    unused: NOT_REDIS,
  },
  { name: 'server_cpulist', ...processors },
  { name: 'bio_cpulist', ...processors },
  { name: 'aof_rewrite_cpulist', ...processors },
  { name: 'bgsave_cpulist', ...processors },
]

function titleError(template: string): string | undefined {
  if (!/[{}]/.test(template.replace(TITLE_VARIABLES, ''))) return undefined
  return 'template format is invalid or contains unknown variables'
}
