import { persistenceErrors } from './persistence-errors.ts'

/** Every error text of the engine, in the words of Redis 7.0. */
export const replyErrors = {
  syntax: 'ERR syntax error',
  notInteger: 'ERR value is not an integer or out of range',
  notFloat: 'ERR value is not a valid float',
  outOfRange: 'ERR value is out of range',
  notPositive: 'ERR value is out of range, must be positive',
  notInIntRange: 'ERR value is out of range, value must between -2147483648 and 2147483647',
  notInLongRange:
    'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
  notFinite: 'ERR value is NaN or Infinity',
  hashValueNotInteger: 'ERR hash value is not an integer',
  hashValueNotFloat: 'ERR hash value is not a float',
  keyCountNotPositive: 'ERR numkeys should be greater than 0',
  keyCountTooLarge: "ERR Number of keys can't be greater than number of args",
  limitNegative: "ERR LIMIT can't be negative",
  countNotPositive: 'ERR count should be greater than 0',
  weightNotFloat: 'ERR weight value is not a float',
  boundNotFloat: 'ERR min or max is not a float',
  boundNotLex: 'ERR min or max not valid string range item',
  rangeLimit:
    'ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
  rangeWithScores: 'ERR syntax error, WITHSCORES not supported in combination with BYLEX',
  addNxXx: 'ERR XX and NX options at the same time are not compatible',
  addGtLtNx: 'ERR GT, LT, and/or NX options at the same time are not compatible',
  addIncrementPairs: 'ERR INCR option supports a single increment-element pair',
  scoreNotANumber: 'ERR resulting score is not a number (NaN)',
  geoUnit: 'ERR unsupported unit provided. please use M, KM, FT, MI',
  geoRadiusNotFloat: 'ERR need numeric radius',
  geoRadiusNegative: 'ERR radius cannot be negative',
  geoWidthNotFloat: 'ERR need numeric width',
  geoHeightNotFloat: 'ERR need numeric height',
  geoBoxNegative: 'ERR height or width cannot be negative',
  geoMember: 'ERR could not decode requested zset member',
  geoCount: 'ERR COUNT must be > 0',
  geoAny: 'ERR the ANY argument requires COUNT argument',
  overflow: 'ERR increment or decrement would overflow',
  decrementOverflow: 'ERR decrement would overflow',
  notANumber: 'ERR increment would produce NaN or Infinity',
  wrongType: 'WRONGTYPE Operation against a key holding the wrong kind of value',
  noSuchKey: 'ERR no such key',
  busyKey: 'BUSYKEY Target key name already exists.',
  restoreTtl: 'ERR Invalid TTL value, must be >= 0',
  restoreIdleTime: 'ERR Invalid IDLETIME value, must be >= 0',
  restoreFrequency: 'ERR Invalid FREQ value, must be >= 0 and <= 255',
  badData: 'ERR Bad data format',
  sortScore: "ERR One or more scores can't be converted into double",
  indexOutOfRange: 'ERR index out of range',
  rankZero:
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
  countNegative: "ERR COUNT can't be negative",
  maxlenNegative: "ERR MAXLEN can't be negative",
  offsetOutOfRange: 'ERR offset is out of range',
  stringTooLong: 'ERR string exceeds maximum allowed size (proto-max-bulk-len)',
  invalidCursor: 'ERR invalid cursor',
  invalidDatabaseIndex: 'ERR invalid DB index',
  databaseOutOfRange: 'ERR DB index is out of range',
  timeoutNotFloat: 'ERR timeout is not a float or out of range',
  timeoutNotInteger: 'ERR timeout is not an integer or out of range',
  timeoutNegative: 'ERR timeout is negative',
  notInTransaction: 'ERR Command not allowed inside a transaction',
  multiNested: 'ERR MULTI calls can not be nested',
  execWithoutMulti: 'ERR EXEC without MULTI',
  discardWithoutMulti: 'ERR DISCARD without MULTI',
  watchInMulti: 'ERR WATCH inside MULTI is not allowed',
  execAborted: 'EXECABORT Transaction discarded because of previous errors.',
  stopped: 'UNBLOCKED force unblock from blocking operation, the server stops',
  unblocked: 'UNBLOCKED client unblocked via CLIENT UNBLOCK',
  loading: 'LOADING Redis is loading the dataset in memory',
  outOfMemory: "OOM command not allowed when used memory > 'maxmemory'.",
  authenticationRequired: 'NOAUTH Authentication required.',
  userNameInvalid: "ERR Usernames can't contain spaces or null characters",
  defaultUserStays: "ERR The 'default' user cannot be removed",
  noAclFile:
    'ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.',
  generatedPasswordBits:
    'ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096',
  sortByDenied: 'ERR BY option of SORT denied due to insufficient ACL permissions.',
  sortGetDenied: 'ERR GET option of SORT denied due to insufficient ACL permissions.',
  wrongPassword: 'WRONGPASS invalid username-password pair or user is disabled.',
  authWithoutPassword:
    'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
  helloUnauthenticated:
    'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
  protocolUnsupported: 'NOPROTO unsupported protocol version',
  protocolNotInteger: 'ERR Protocol version is not an integer or out of range',
  clientNameInvalid: 'ERR Client names cannot contain spaces, newlines or special characters.',
  expiryWithNx: 'ERR NX and XX, GT or LT options at the same time are not compatible',
  expiryGtLt: 'ERR GT and LT options at the same time are not compatible',
  lfuNotSelected:
    'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
  lfuSelected:
    'ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
  clusterDisabled: 'ERR This instance has cluster support disabled',
  moduleNotLoaded: 'ERR Error loading the extension. Please check the server logs.',
  moduleUnknown: 'ERR Error unloading module: no such module with that name',
  packedThreshold: 'ERR argument must be a memory value bigger than 1 and smaller than 4gb',
  maxClients: 'ERR max number of clients reached',
  bitNotInteger: 'ERR bit is not an integer or out of range',
  bitOffset: 'ERR bit offset is not an integer or out of range',
  bitArgument: 'ERR The bit argument must be 1 or 0.',
  bitopNot: 'ERR BITOP NOT must be called with a single source key.',
  bitfieldType:
    'ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.',
  bitfieldOverflow: 'ERR Invalid OVERFLOW type specified',
  bitfieldReadOnly: 'ERR BITFIELD_RO only supports the GET subcommand',
  notHyperloglog: 'WRONGTYPE Key is not a valid HyperLogLog string value.',
  hyperloglogDamaged: 'INVALIDOBJ Corrupted HLL object detected',
  hyperloglogMissing: 'ERR The specified key does not exist',
  hyperloglogNotSparse: 'ERR HLL encoding is not sparse',
  lcsLengthAndRanges: 'ERR If you want both the length and indexes, please just use IDX.',
  lcsNotStrings: 'ERR The specified keys must contain string values',
  lcsTooLong: 'ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len',
  streamIdInvalid: 'ERR Invalid stream ID specified as stream command argument',
  rangeStartInvalid: 'ERR invalid start ID for the interval',
  rangeEndInvalid: 'ERR invalid end ID for the interval',
  addIdZero: 'ERR The ID specified in XADD must be greater than 0-0',
  addIdSmall: 'ERR The ID specified in XADD is equal or smaller than the target stream top item',
  addExhausted: 'ERR The stream has exhausted the last possible ID, unable to add more items',
  addTooLarge: 'ERR Elements are too large to be stored',
  trimTwice: 'ERR syntax error, MAXLEN and MINID options at the same time are not compatible',
  trimMaxLength: 'ERR The MAXLEN argument must be >= 0.',
  trimLimit: 'ERR The LIMIT argument must be >= 0.',
  trimNothing: 'ERR syntax error, XTRIM must be called with a trimming strategy',
  limitWithoutThreshold:
    'ERR syntax error, LIMIT cannot be used without specifying a trimming strategy',
  limitExact: 'ERR syntax error, LIMIT cannot be used without the special ~ option',
  readUnbalanced:
    "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
  readGroup: 'ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.',
  readNoAck: 'ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.',
  readGroupMissing: 'ERR Missing GROUP option for XREADGROUP',
  readGroupLast:
    'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.',
  readNew:
    'ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.',
  readGroupGone: 'NOGROUP the consumer group this client was blocked on no longer exists',
  readStreamGone: 'UNBLOCKED the stream key no longer exists',
  groupStreamMissing:
    'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.',
  groupExists: 'BUSYGROUP Consumer Group name already exists',
  groupEntriesRead: 'ERR value for ENTRIESREAD must be positive or -1',
  claimIdle: 'ERR Invalid min-idle-time argument for XCLAIM',
  claimIdleOption: 'ERR Invalid IDLE option argument for XCLAIM',
  claimTime: 'ERR Invalid TIME option argument for XCLAIM',
  claimRetryCount: 'ERR Invalid RETRYCOUNT option argument for XCLAIM',
  autoclaimIdle: 'ERR Invalid min-idle-time argument for XAUTOCLAIM',
  autoclaimCount: 'ERR COUNT must be > 0',
  autoclaimCountHigh:
    'ERR Insufficient memory, failed allocating transient memory, COUNT too high.',
  setIdEntriesAdded: 'ERR entries_added must be positive',
  setIdMaxDeleted:
    'ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id',
  setIdSmall: 'ERR The ID specified in XSETID is smaller than the target stream top item',
  setIdEntriesAddedSmall:
    'ERR The entries_added specified in XSETID is smaller than the target stream length',
  sameObject: 'ERR source and destination objects are the same',
  noShutdown: 'ERR No shutdown in progress.',
  shutdownDeniesBlocking:
    "ERR SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client",
  shutdownFailed: 'ERR Errors trying to SHUTDOWN. Check logs.',
  noConfigFile: 'ERR The server is running without a config file',
  scriptFlushSyntax: 'ERR SCRIPT FLUSH only support SYNC|ASYNC option',
  functionFlushSyntax: 'ERR FUNCTION FLUSH only supports SYNC|ASYNC option',
  noScript: 'NOSCRIPT No matching script. Please use EVAL.',
  notBusy: 'NOTBUSY No scripts in execution right now.',
  unkillable:
    'UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.',
  busyEval:
    'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
  busyFunction:
    'BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.',
  scriptKilled: 'ERR Script killed by user with SCRIPT KILL...',
  scriptUnknownCommand: 'ERR Unknown Redis command called from script',
  scriptWrongArity: 'ERR Wrong number of args calling Redis command from script',
  notFromScript: 'ERR This Redis command is not allowed from script',
  scriptReadOnly: 'ERR Write commands are not allowed from read-only scripts.',
  scriptMayWrite: 'ERR Can not execute a script with write flag using *_ro command.',
  scriptOutOfMemory:
    "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
  tooManyKeys: "ERR Number of keys can't be greater than number of args",
  negativeKeys: "ERR Number of keys can't be negative",
  functionKeysNotInteger: 'ERR Bad number of keys provided',
  functionNotFound: 'ERR Function not found',
  libraryNotFound: 'ERR Library not found',
  libraryCodeMissing: 'ERR Function code is missing',
  libraryNameMissing: 'ERR library name argument was not given',
  restorePolicy: 'ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.',
  dumpPayload: 'ERR DUMP payload version or checksum are wrong',
  scriptDebugOption: 'ERR Use SCRIPT DEBUG YES/SYNC/NO',
  scriptDebugUnsupported: 'ERR the script debugger is not supported',
  noKeysInCommand: 'ERR The command has no key arguments',
  invalidCommand: 'ERR Invalid command specified',
  invalidArguments: 'ERR Invalid arguments specified for command',
  invalidArgumentCount: 'ERR Invalid number of arguments specified for command',
  slowlogCount: 'ERR count should be greater than or equal to -1',
  clientIdInvalid: 'ERR Invalid client ID',
  clientIdNotPositive: 'ERR client-id should be greater than 0',
  noSuchClient: 'ERR No such client',
  pauseMode: 'ERR CLIENT PAUSE mode must be WRITE or ALL',
  unblockReason: 'ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR',
  trackingRedirectTwice: 'ERR A client can only redirect to a single other client',
  trackingRedirectUnknown: 'ERR The client ID you want redirect to does not exist',
  trackingPrefixWithoutBcast: 'ERR PREFIX option requires BCAST mode to be enabled',
  trackingBcastSwitch:
    "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
  trackingOptWithBcast: 'ERR OPTIN and OPTOUT are not compatible with BCAST',
  trackingOptBoth: "ERR You can't specify both OPTIN mode and OPTOUT mode",
  trackingOptSwitch:
    "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
  cachingWithoutTracking:
    'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
  cachingYesWithoutOptIn:
    'ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.',
  cachingNoWithoutOptOut:
    'ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.',
  debugProtocol:
    'ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false',
  resp2Unsupported: 'ERR RESP2 is not supported by this command',
  notListpack: 'ERR Not a listpack encoded object.',
  notHashTable: 'ERR The value stored at the specified key is not represented using an hash table',
  databaseIndexUnknown: 'ERR Out of range database',
  monitorDenied: "ERR MONITOR isn't allowed for DENY BLOCKING client",
  readOnlyReplica: "READONLY You can't write against a read only replica.",
  scriptOnReadOnlyReplica: 'READONLY You can not run script with write flag on readonly replica.',
  notEnoughReplicas: 'NOREPLICAS Not enough good replicas to write.',
  staleReplica: "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  notZeroOrOne: 'ERR value is out of range, value must between 0 and 1',
  copyFilterMissing: 'ERR Missing rdb-filter-only values',
  copyFilterNeedsEndMark: 'ERR Filtered replica requires EOF capability',
  syncWithPendingOutput: 'ERR SYNC and PSYNC are invalid with pending output',
  syncWithoutPrimary: "NOMASTERLINK Can't SYNC while not connected with my master",
  syncInFailover: "NOMASTERLINK Can't SYNC while failing over",
  waitOnReplica:
    'ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be writable (which is not the default) writes to replicas are just local and are not propagated.',
  replicaofFromReplica: 'ERR Command is not valid when client is a replica.',
  replicaofInFailover: 'ERR REPLICAOF not allowed while failing over.',
  primaryPort: 'ERR Invalid master port',
  roleChanged:
    'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
  failoverToPrimary: "ERR PSYNC FAILOVER can't be sent to a master.",
  failoverOtherId: 'ERR PSYNC FAILOVER replid must match my replid.',
  failoverNone: 'ERR No failover in progress.',
  failoverTimeout: 'ERR FAILOVER timeout must be greater than 0',
  failoverAlready: 'ERR FAILOVER already in progress.',
  failoverOnReplica: 'ERR FAILOVER is not valid when server is a replica.',
  failoverWithoutReplicas: 'ERR FAILOVER requires connected replicas.',
  failoverForce: 'ERR FAILOVER with force option requires both a timeout and target HOST and IP.',
  failoverTarget: 'ERR FAILOVER target HOST and PORT is not a replica.',
  failoverTargetNotOnline: 'ERR FAILOVER target replica is not online.',
  migrateKeys:
    'ERR When using MIGRATE KEYS option, the key argument must be set to the empty string',
  migrationOvertaken:
    'ERR Some keys are written to faster than they can be moved: they stay here, and an older copy is at the target instance',
  replicaInteracts: "ERR Replica can't interact with the keyspace",
  ...persistenceErrors,
} as const

/** MIGRATE: what could not be done to the target. Redis calls it a client only here. */
export function migrationFailed(step: 'connecting' | 'writing' | 'reading'): string {
  return `IOERR error or timeout ${step} to ${step === 'connecting' ? 'the client' : 'target instance'}`
}

/** MIGRATE: `error` is the target's line without the dash. */
export function targetError(error: string): string {
  return `ERR Target instance replied with error: ${error}`
}

export function unknownReplconfOption(option: string): string {
  return `ERR Unrecognized REPLCONF option: ${option}`
}

export function replicaAddressTooLong(bytes: number): string {
  return `ERR REPLCONF ip-address provided by replica instance is too long: ${bytes} bytes`
}

export function unsupportedCopyFilter(filter: string): string {
  return `ERR Unsupported rdb-filter-only option: ${filter}`
}

/** `which`: 'an existing' or 'another provided'. */
export function prefixOverlap(prefix: string, which: string, other: string): string {
  return `ERR Prefix '${prefix}' overlaps with ${which} prefix '${other}'. Prefixes for a single client must not overlap.`
}

export function noGroup(key: string, group: string): string {
  return `NOGROUP No such key '${key}' or consumer group '${group}'`
}

export function noGroupToRead(key: string, group: string): string {
  return `${noGroup(key, group)} in XREADGROUP with GROUP option`
}

export function noGroupOfKey(key: string, group: string): string {
  return `NOGROUP No such consumer group '${group}' for key name '${key}'`
}

export function unknownClaimOption(option: string): string {
  return `ERR Unrecognized XCLAIM option '${option}'`
}

/** `command` as the client spelled it. */
export function blockInScript(command: string): string {
  return `ERR ${command} command is not allowed with BLOCK option from scripts`
}

export function unknownClientType(type: string): string {
  return `ERR Unknown client type '${type}'`
}

export function noSuchUser(user: string): string {
  return `ERR No such user '${user}'`
}

/** `command` in capital letters. */
export function subcommandSyntax(command: string, subcommand: string): string {
  return `ERR unknown subcommand or wrong number of arguments for '${subcommand.slice(0, 128)}'. Try ${command} HELP.`
}

export function noLatencySamples(event: string): string {
  return `ERR No samples available for event '${event}'`
}

/** A command that only those who can edit the configuration may call, unless they allow it. */
export function protectedCommand(command: string, directive: string): string {
  return `ERR ${command} command not allowed. If the ${directive} option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.`
}

export function wrongArity(command: string): string {
  return `ERR wrong number of arguments for '${command}' command`
}

export function inputKeyNeeded(command: string): string {
  return `ERR at least 1 input key is needed for '${command}' command`
}

/** Numbers as C's %f prints them. */
export function invalidCoordinates(longitude: number, latitude: number): string {
  return `ERR invalid longitude,latitude pair ${sixDecimals(longitude)},${sixDecimals(latitude)}`
}

function sixDecimals(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`
}

export function withoutStore(option: string): string {
  return `ERR ${option} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`
}

export function exactlyOne(options: string, command: string): string {
  return `ERR exactly one of ${options} can be specified for ${command}`
}

export function invalidExpire(command: string): string {
  return `ERR invalid expire time in '${command}' command`
}

export function configSetFailed(directive: string, reason: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${directive}') - ${reason}`
}

export function rewriteFailed(reason: string): string {
  return `ERR Rewriting config file: ${reason}`
}

export function unsupportedOption(option: string): string {
  return `ERR Unsupported option ${option}`
}

export function unknownSubcommand(subcommand: string, command: string): string {
  const name = subcommand.slice(0, 128)
  return `ERR unknown subcommand '${name}'. Try ${command.toUpperCase()} HELP.`
}

/** For EXEC itself refused; the general code goes without saying. */
export function transactionAborted(error: string): string {
  return `EXECABORT Transaction discarded because of: ${error.replace(/^ERR /, '')}`
}

const REFUSED = {
  key: 'one of the keys used as arguments',
  channel: 'one of the channels used as arguments',
} as const
const REFUSED_IN_EXEC = {
  command: 'no permission to execute the command or subcommand',
  key: 'no permission to touch the specified keys',
  channel: 'no permission to access one of the channels used as arguments',
} as const
const REFUSED_IN_SCRIPT = {
  command: "can't run this command or subcommand",
  key: "can't access at least one of the keys mentioned in the command arguments",
  channel: "can't publish to the channel mentioned in the command",
} as const

/** What the ACL does not allow. */
export function noPermission(reason: 'command' | 'key' | 'channel', command: string): string {
  return reason === 'command'
    ? `NOPERM this user has no permissions to run the '${command}' command`
    : `NOPERM this user has no permissions to access ${REFUSED[reason]}`
}

/** The same of a command that was allowed when it was queued. */
export function noPermissionInExec(reason: 'command' | 'key' | 'channel'): string {
  return `NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: ${REFUSED_IN_EXEC[reason]}`
}

export function noPermissionInScript(reason: 'command' | 'key' | 'channel'): string {
  return `ERR The user executing the script ${REFUSED_IN_SCRIPT[reason]}`
}

/** ACL CAT; Redis shows 128 bytes of it. */
export function unknownCategory(category: string): string {
  return `ERR Unknown category '${category.slice(0, 128)}'`
}

export function userNotFound(user: string): string {
  return `ERR User '${user}' not found`
}

/** ACL DRYRUN's answer, which is no error. */
export function wouldBeRefused(reason: 'command' | 'key' | 'channel', what: string): string {
  return reason === 'command'
    ? `This user has no permissions to run the '${what}' command`
    : `This user has no permissions to access the '${what}' ${reason}`
}

export function notInSubscriberContext(command: string): string {
  return `ERR Can't execute '${command}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`
}

export function deniesBlocking(command: string): string {
  return `ERR ${command.toUpperCase()} isn't allowed for a DENY BLOCKING client`
}

/** Of a container that tells the two apart no more (networking.c, addReplySubcommandSyntaxError). */
export function wrongSubcommand(subcommand: string, command: string): string {
  const name = subcommand.slice(0, 128)
  return `ERR unknown subcommand or wrong number of arguments for '${name}'. Try ${command.toUpperCase()} HELP.`
}

/** networking.c, addReplySubcommandSyntaxError. */
export function wrongSubcommandArguments(subcommand: string, command: string): string {
  return `ERR unknown subcommand or wrong number of arguments for '${subcommand.slice(0, 128)}'. Try ${command.toUpperCase()} HELP.`
}

/** The name and what follows are cut to 128 bytes together, as server.c does. */
export function unknownCommand(name: string, args: readonly string[]): string {
  let shown = ''
  for (const argument of args) {
    if (shown.length >= 128) break
    shown += `'${argument.slice(0, 128 - shown.length)}' `
  }
  return `ERR unknown command '${name.slice(0, 128)}', with args beginning with: ${shown}`
}
