import type { CommandFlag, CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { countedKeys, type KeySpec, withNotes } from '../execution/key-spec.ts'
import { replyErrors, wrongSubcommandArguments } from '../protocol/reply-errors.ts'
import { replyWithHelp } from './help.ts'

const WRITING: readonly CommandFlag[] = [
  'noscript',
  'skip_monitor',
  'may_replicate',
  'no_mandatory_keys',
  'stale',
]
const READING: readonly CommandFlag[] = [
  'noscript',
  'skip_monitor',
  'no_mandatory_keys',
  'stale',
  'readonly',
]
const READ_AND_WRITE = countedKeys(2, 'RW', 'access', 'update')
const READ = countedKeys(2, 'RO', 'access')
const ANY_USE = withNotes(
  'We cannot tell how the keys will be used so we assume the worst, RW and UPDATE',
  READ_AND_WRITE,
)
const ANY_READING = withNotes(
  'We cannot tell how the keys will be used so we assume the worst, RO and ACCESS',
  READ,
)
const TO_ALL_SHARDS = ['request_policy:all_shards', 'response_policy:all_succeeded']
const TO_ONE_THAT_HAS_IT = ['request_policy:all_shards', 'response_policy:one_succeeded']

type Run = (context: CommandContext) => void

export const scriptingCommands: readonly CommandSpec[] = [
  caller('eval', 'Execute a Lua script server side', {
    since: '2.6.0',
    flags: WRITING,
    keySpecs: [ANY_USE],
    run: (context) => context.services.scripting.eval(context, { isReadOnly: false }),
  }),
  caller('evalsha', 'Execute a Lua script server side', {
    since: '2.6.0',
    flags: WRITING,
    keySpecs: [READ_AND_WRITE],
    run: (context) => context.services.scripting.evalSha(context, { isReadOnly: false }),
  }),
  caller('evalsha_ro', 'Execute a read-only Lua script server side', {
    since: '7.0.0',
    flags: READING,
    keySpecs: [READ],
    run: (context) => context.services.scripting.evalSha(context, { isReadOnly: true }),
  }),
  caller('eval_ro', 'Execute a read-only Lua script server side', {
    since: '7.0.0',
    flags: READING,
    keySpecs: [ANY_READING],
    run: (context) => context.services.scripting.eval(context, { isReadOnly: true }),
  }),
  caller('fcall', 'Invoke a function', {
    since: '7.0.0',
    flags: WRITING,
    keySpecs: [ANY_USE],
    run: (context) => context.services.scripting.callFunction(context, { isReadOnly: false }),
  }),
  caller('fcall_ro', 'Invoke a read-only function', {
    since: '7.0.0',
    flags: READING,
    keySpecs: [ANY_READING],
    run: (context) => context.services.scripting.callFunction(context, { isReadOnly: true }),
  }),
  {
    name: 'script',
    group: 'scripting',
    since: '2.6.0',
    summary: 'A container for Lua scripts management commands',
    arity: -2,
    flags: [],
    subcommands: [
      script('debug', 'Set the debug mode for executed scripts.', {
        since: '3.2.0',
        arity: 3,
        run: debug,
      }),
      script('exists', 'Check existence of scripts in the script cache.', {
        arity: -3,
        tips: ['request_policy:all_shards', 'response_policy:agg_logical_and'],
        run: (context) => context.services.scripting.scriptsExist(context),
      }),
      script('flush', 'Remove all the scripts from the script cache.', {
        arity: -2,
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        run: scriptFlush,
      }),
      script('help', 'Show helpful text about the different subcommands', {
        since: '5.0.0',
        arity: 2,
        flags: ['loading', 'stale'],
        run: (context) => replyWithHelp(context, 'SCRIPT', SCRIPT_HELP),
      }),
      script('kill', 'Kill the script currently in execution.', {
        arity: 2,
        flags: ['noscript', 'allow_busy'],
        tips: TO_ONE_THAT_HAS_IT,
        run: (context) => kill(context, true),
      }),
      script('load', 'Load the specified Lua script into the script cache.', {
        arity: 3,
        flags: ['noscript', 'stale'],
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        run: (context) => context.services.scripting.loadScript(context),
      }),
    ],
    run: () => undefined,
  },
  {
    name: 'function',
    group: 'scripting',
    since: '7.0.0',
    summary: 'A container for function commands',
    arity: -2,
    flags: [],
    subcommands: [
      functions('delete', 'Delete a function by name', {
        arity: 3,
        flags: ['noscript', 'write'],
        tips: TO_ALL_SHARDS,
        run: (context) => context.services.scripting.deleteLibrary(context),
      }),
      functions('dump', 'Dump all functions into a serialized binary payload', {
        arity: 2,
        run: (context) => context.services.scripting.dumpLibraries(context),
      }),
      functions('flush', 'Deleting all functions', {
        arity: -2,
        flags: ['noscript', 'write'],
        tips: TO_ALL_SHARDS,
        run: functionFlush,
      }),
      functions('help', 'Show helpful text about the different subcommands', {
        arity: 2,
        flags: ['loading', 'stale'],
        run: (context) => replyWithHelp(context, 'FUNCTION', FUNCTION_HELP),
      }),
      functions('kill', 'Kill the function currently in execution.', {
        arity: 2,
        flags: ['noscript', 'allow_busy'],
        tips: TO_ONE_THAT_HAS_IT,
        run: (context) => kill(context, false),
      }),
      functions('list', 'List information about all the functions', {
        arity: -2,
        tips: ['nondeterministic_output_order'],
        run: (context) => context.services.scripting.listLibraries(context),
      }),
      functions('load', 'Create a function with the given arguments (name, code, description)', {
        arity: -3,
        flags: ['noscript', 'write', 'denyoom'],
        tips: TO_ALL_SHARDS,
        run: (context) => context.services.scripting.loadLibrary(context),
      }),
      functions('restore', 'Restore all the functions on the given payload', {
        arity: -3,
        flags: ['noscript', 'write', 'denyoom'],
        tips: TO_ALL_SHARDS,
        run: functionRestore,
      }),
      functions(
        'stats',
        'Return information about the function currently running (name, description, duration)',
        {
          arity: 2,
          flags: ['noscript', 'allow_busy'],
          tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
          run: (context) => context.services.scripting.functionStats(context),
        },
      ),
    ],
    run: () => undefined,
  },
]

const SCRIPT_HELP = [
  'DEBUG (YES|SYNC|NO)',
  '    Set the debug mode for subsequent scripts executed.',
  'EXISTS <sha1> [<sha1> ...]',
  '    Return information about the existence of the scripts in the script cache.',
  'FLUSH [ASYNC|SYNC]',
  '    Flush the Lua scripts cache. Very dangerous on replicas.',
  '    When called without the optional mode argument, the behavior is determined by the',
  '    lazyfree-lazy-user-flush configuration directive. Valid modes are:',
  '    * ASYNC: Asynchronously flush the scripts cache.',
  '    * SYNC: Synchronously flush the scripts cache.',
  'KILL',
  '    Kill the currently executing Lua script.',
  'LOAD <script>',
  '    Load a script into the scripts cache without executing it.',
]

const FUNCTION_HELP = [
  'LOAD [REPLACE] <FUNCTION CODE>',
  '    Create a new library with the given library name and code.',
  'DELETE <LIBRARY NAME>',
  '    Delete the given library.',
  'LIST [LIBRARYNAME PATTERN] [WITHCODE]',
  '    Return general information on all the libraries:',
  '    * Library name',
  '    * The engine used to run the Library',
  '    * Library description',
  '    * Functions list',
  '    * Library code (if WITHCODE is given)',
  '    It also possible to get only function that matches a pattern using LIBRARYNAME argument.',
  'STATS',
  '    Return information about the current function running:',
  '    * Function name',
  '    * Command used to run the function',
  '    * Duration in MS that the function is running',
  '    If no function is running, return nil',
  '    In addition, returns a list of available engines.',
  'KILL',
  '    Kill the current running function.',
  'FLUSH [ASYNC|SYNC]',
  '    Delete all the libraries.',
  '    When called without the optional mode argument, the behavior is determined by the',
  '    lazyfree-lazy-user-flush configuration directive. Valid modes are:',
  '    * ASYNC: Asynchronously flush the libraries.',
  '    * SYNC: Synchronously flush the libraries.',
  'DUMP',
  '    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE command',
  'RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]',
  '    Restore the libraries represented by the given payload, it is possible to give a restore policy to',
  '    control how to handle existing libraries (default APPEND):',
  '    * FLUSH: delete all existing libraries.',
  '    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.',
  '    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old',
  '      libraries with the new libraries (notice that even on this option there is a chance of failure',
  '      in case of functions name collision with another library).',
]

/** Whether the third argument is one of FLUSH's modes. Either way all is gone at once: it is one object. */
function isFlushMode({ argv }: CommandContext): boolean {
  return argv.count === 2 || (argv.count === 3 && (argv.is(2, 'SYNC') || argv.is(2, 'ASYNC')))
}

function scriptFlush(context: CommandContext): void {
  const { reply, services } = context
  if (!isFlushMode(context)) return reply.error(replyErrors.scriptFlushSyntax)
  services.scripting.flushScripts()
  reply.simple('OK')
}

function functionFlush(context: CommandContext): void {
  const { argv, reply, services } = context
  if (argv.count > 3) return reply.error(subcommandSyntax(context))
  if (!isFlushMode(context)) return reply.error(replyErrors.functionFlushSyntax)
  services.scripting.flushLibraries()
  context.changed()
  reply.simple('OK')
}

function functionRestore(context: CommandContext): void {
  if (context.argv.count > 4) return context.reply.error(subcommandSyntax(context))
  context.services.scripting.restoreLibraries(context)
}

function subcommandSyntax({ argv }: CommandContext): string {
  return wrongSubcommandArguments(argv.latin1(1), argv.latin1(0))
}

function kill({ reply, services }: CommandContext, isEval: boolean): void {
  const error = services.scripting.kill(isEval)
  if (error === undefined) reply.simple('OK')
  else reply.error(error)
}

/** There is no debugger to switch on. */
function debug({ argv, reply }: CommandContext): void {
  if (argv.is(2, 'NO')) reply.simple('OK')
  else if (argv.is(2, 'YES') || argv.is(2, 'SYNC')) reply.error(replyErrors.scriptDebugUnsupported)
  else reply.error(replyErrors.scriptDebugOption)
}

function caller(
  name: string,
  summary: string,
  parts: {
    readonly since: string
    readonly flags: readonly CommandFlag[]
    readonly keySpecs: readonly KeySpec[]
    readonly run: Run
  },
): CommandSpec {
  return { name, group: 'scripting', summary, arity: -3, ...parts }
}

interface SubcommandParts {
  readonly since?: string
  readonly arity: number
  readonly flags?: readonly CommandFlag[]
  readonly tips?: readonly string[]
  readonly run: Run
}

function script(name: string, summary: string, parts: SubcommandParts): CommandSpec {
  return { name, summary, group: 'scripting', since: '2.6.0', flags: ['noscript'], ...parts }
}

function functions(name: string, summary: string, parts: SubcommandParts): CommandSpec {
  return { name, summary, group: 'scripting', since: '7.0.0', flags: ['noscript'], ...parts }
}
