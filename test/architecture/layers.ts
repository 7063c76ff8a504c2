/** The layers of docs/ARCHITECTURE.md: a folder may import the folders listed for it, and itself. */
export const TOP: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  engine: ['shared'],
  store: ['shared', 'engine'],
  gateway: ['shared', 'store'],
  admin: ['shared', 'store', 'gateway'],
  config: ['shared', 'engine', 'store', 'gateway', 'admin'],
  app: ['shared', 'engine', 'store', 'gateway', 'admin', 'config'],
  cli: ['shared', 'engine', 'app', 'config'],
  demo: ['shared'],
}

const AROUND_EXECUTION = ['memory', 'protocol', 'structures', 'keyspace', 'introspection']
const BELOW_COMMANDS = [...AROUND_EXECUTION, 'execution', 'runtime-config', 'acl', 'pubsub']
/** The same of the folders and files in src/engine/. */
export const ENGINE: Readonly<Record<string, readonly string[]>> = {
  memory: [],
  protocol: [],
  structures: ['memory', 'protocol'],
  keyspace: ['memory', 'structures'],
  introspection: ['memory', 'structures', 'keyspace'],
  execution: AROUND_EXECUTION,
  'runtime-config': [...AROUND_EXECUTION, 'execution'],
  acl: [...AROUND_EXECUTION, 'execution', 'runtime-config'],
  pubsub: [...AROUND_EXECUTION, 'execution'],
  scripting: [...AROUND_EXECUTION, 'execution', 'version.ts'],
  replication: AROUND_EXECUTION.concat('execution', 'runtime-config', 'persistence', 'version.ts'),
  migration: [...AROUND_EXECUTION, 'execution'],
  persistence: AROUND_EXECUTION.concat('execution', 'runtime-config'),
  commands: [...BELOW_COMMANDS, 'version.ts'],
  server: ['memory', 'protocol', 'keyspace', 'introspection', 'execution'],
  'version.ts': [],
  info: [...BELOW_COMMANDS, 'persistence', 'server', 'version.ts'],
  composition: [
    ...BELOW_COMMANDS,
    'migration',
    'scripting',
    'persistence',
    'replication',
    'version.ts',
    'commands',
    'server',
    'info',
    'engine-options.ts',
  ],
  'engine-options.ts': ['runtime-config'],
  'engine.ts': [
    'composition',
    'engine-options.ts',
    'execution',
    'protocol',
    'runtime-config',
    'server',
  ],
  'index.ts': [
    'protocol',
    'server',
    'engine.ts',
    'engine-options.ts',
    'runtime-config',
    'version.ts',
  ],
}
