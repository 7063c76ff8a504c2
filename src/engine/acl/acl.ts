import { resolve } from 'node:path'
import type { Logger } from '../../shared/logger.ts'
import { replaceFile } from '../../shared/replace-file.ts'
import type {
  AccessContext,
  AccessDenials,
  AccessLogEntry,
  AccessRefusal,
  AccessRequest,
  AclService,
  ClientUser,
  Credentials,
  DescribedUser,
} from '../execution/acl-service.ts'
import { CLIENT_STATE, type Client } from '../execution/client.ts'
import type { ClientRegistry } from '../execution/client-registry.ts'
import type { Command } from '../execution/command.ts'
import type { CommandArguments } from '../execution/command-keys.ts'
import type { ConfigService } from '../execution/context.ts'
import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { noPermission, noPermissionInExec, noPermissionInScript } from '../protocol/reply-errors.ts'
import type { DirectiveLine } from '../runtime-config/directive-line.ts'
import { AccessCheck } from './access-check.ts'
import { parseUsers, readAclFile } from './acl-file.ts'
import { AclLog } from './acl-log.ts'
import { CommandCatalogue } from './command-catalogue.ts'
import { configuredUsers } from './configured-users.ts'
import { describeRules } from './describe-rules.ts'
import { hashPassword, isPasswordOf } from './password.ts'
import { wordOf } from './permission-rules.ts'
import type { Permissions } from './permissions.ts'
import { mergeParentheses } from './rule-parser.ts'
import { listensBeyond, narrowedChannels } from './subscribers.ts'
import type { User, UserState } from './user.ts'
import { DEFAULT_USER, Users } from './users.ts'

export interface AclOptions {
  /** Of the engine, those among them that configuration renamed or took away. */
  readonly commands: readonly Command[]
  readonly clients: ClientRegistry
  readonly config: ConfigService
  readonly log: Logger
  readonly nowMs: () => number
  /** A client as CLIENT LIST tells it, while it runs the command with these arguments. */
  readonly describeClient: (client: Client, argv: ArgumentVector) => string
}

/** Who may do what: users, their rules, and what was refused. */
export class Acl implements AclService {
  readonly #options: AclOptions
  readonly #users: Users
  readonly #access = new AccessCheck()
  readonly #log = new AclLog()

  constructor(options: AclOptions) {
    this.#options = options
    this.#users = new Users({
      catalogue: new CommandCatalogue(options.commands),
      allowsAllChannels: () => options.config.value('acl-pubsub-default') === 'allchannels',
    })
    options.clients.onAdded((client) => this.#welcome(client))
    options.clients.onReset((client) => this.#welcome(client))
    options.config.onValue('requirepass', (password) => this.#setDefaultPassword(password))
  }

  get isOpen(): boolean {
    return this.#users.defaultUser.state.needsNoPassword
  }

  get denials(): AccessDenials {
    return this.#log.denials
  }

  /** Takes the `user` lines of redis.conf. Throws a DirectiveError for those that redis-server would refuse. */
  define(lines: readonly DirectiveLine[]): void {
    const fileName = this.#options.config.value('aclfile')
    for (const { name, state } of configuredUsers(lines, { users: this.#users, fileName })) {
      this.#users.put(name, state)
      if (state.isEnabled) continue
      this.#options.log.info(
        {},
        `The user '${name}' is disabled (there is no 'on' modifier in the user description). Make sure this is not a configuration error.`,
      )
    }
    this.#review()
  }

  logIn({ client, argv, user: name, password }: Credentials): boolean {
    const user = this.#users.find(name)
    if (user === undefined || !mayLogIn(user, password)) {
      const context = client.transaction === undefined ? 'toplevel' : 'multi'
      this.#note({ client, argv, user: name }, { reason: 'auth', context, object: argv.latin1(0) })
      return false
    }
    client.user = user
    client.hasLoggedIn = true
    this.#reviewClient(client)
    return true
  }

  refuse(request: AccessRequest): string | undefined {
    const { client, command } = request
    // Refused or not, that is how CLIENT LIST and ACL LOG tell of the client.
    client.lastCommand = command.fullName
    const refusal = this.#check(request, client.transaction === undefined ? 'toplevel' : 'multi')
    return refusal && noPermission(refusal.reason, command.fullName)
  }

  refuseQueued(request: AccessRequest): string | undefined {
    const refusal = this.#check(request, 'multi')
    return refusal && noPermissionInExec(refusal.reason)
  }

  refuseInScript(request: AccessRequest): string | undefined {
    const refusal = this.#check(request, 'lua')
    return refusal && noPermissionInScript(refusal.reason)
  }

  mayRun({ client, command, argv }: AccessRequest): boolean {
    const { user } = client
    return user === undefined || this.tryOut(user, command, { argv, offset: 0 }) === undefined
  }

  mayReadAnyKey({ client: { user }, command, argv }: AccessRequest): boolean {
    if (user === undefined || user.isUnrestricted) return true
    const permissions = this.#permissionsOf(user)
    return this.#access.mayReadAnyKey(permissions, command, { argv, offset: 0 })
  }

  find(name: string): ClientUser | undefined {
    return this.#users.find(name)
  }

  tryOut(user: ClientUser, command: Command, args: CommandArguments): AccessRefusal | undefined {
    if (user.isUnrestricted) return undefined
    return this.#access.refusal(this.#permissionsOf(user), command, args)
  }

  userNames(): readonly string[] {
    return this.#users.sorted().map(({ name }) => name)
  }

  describe(name: string): DescribedUser | undefined {
    const user = this.#users.find(name)
    if (user === undefined) return undefined
    const { passwords, permissions } = user.state
    return { flags: user.flags, passwords, rules: permissions.map(describeRules) }
  }

  userLines(): readonly string[] {
    return this.#users.sorted().map(({ name, rules }) => `${name} ${rules}`)
  }

  setUser(name: string, rules: readonly string[], by: Client): string | undefined {
    const parsed = mergeParentheses(rules)
    if ('unmatched' in parsed) {
      return `Unmatched parenthesis in acl selector starting at '${wordOf(parsed.unmatched)}'.`
    }
    const state = this.#users.draft(name)
    for (const rule of parsed.merged) {
      const error = this.#users.apply(state, rule)
      if (error !== undefined) return `Error in ACL SETUSER modifier '${wordOf(rule)}': ${error}`
    }
    const user = this.#users.find(name)
    if (user !== undefined) this.#hangUpOnSubscribers(user, state, by)
    this.#users.put(name, state)
    this.#review()
    return undefined
  }

  deleteUsers(names: readonly string[], by: Client): number {
    const deleted = names
      .map((name) => this.#users.delete(name))
      .filter((user) => user !== undefined)
    this.#hangUpOn(new Set(deleted), by)
    return deleted.length
  }

  load(by?: Client): string | undefined {
    const { config } = this.#options
    const fileName = config.value('aclfile')
    const read = readAclFile(this.#path(fileName))
    if ('problem' in read) return `Error loading ACLs, opening file '${fileName}': ${read.problem}`
    const drafts = new Map<string, UserState>()
    const errors = parseUsers(read.text, fileName, {
      add: (name) => !drafts.has(name) && drafts.set(name, this.#users.newState()) !== undefined,
      apply: (name, rule) => this.#users.apply(drafts.get(name) ?? this.#users.newState(), rule),
    })
    if (errors !== '') {
      return `${errors}WARNING: ACL errors detected, no change to the previously active ACL rules was performed`
    }
    this.#hangUpOn(new Set(this.#users.replaceAll(drafts)), by)
    this.#review()
    return undefined
  }

  save(): string | undefined {
    const { config, log } = this.#options
    const text = this.userLines().map((line) => `user ${line}\n`)
    try {
      replaceFile(this.#path(config.value('aclfile')), text.join(''))
      return undefined
    } catch (error) {
      log.warn({ err: error }, 'the ACL file could not be written')
      return 'There was an error trying to save the ACLs. Please check the server logs for more information'
    }
  }

  logEntries(count: number): readonly AccessLogEntry[] {
    return this.#log.entries(count)
  }

  clearLog(): void {
    this.#log.clear()
  }

  /** A path in the configuration is meant from `dir`, which the process does not change into. */
  #path(fileName: string): string {
    return resolve(this.#options.config.value('dir'), fileName)
  }

  /** A user that is gone may do nothing. */
  #permissionsOf({ name }: ClientUser): readonly Permissions[] {
    return this.#users.find(name)?.state.permissions ?? []
  }

  #check(request: AccessRequest, context: AccessContext): AccessRefusal | undefined {
    const { client, command, argv } = request
    const { user } = client
    if (user === undefined) return undefined
    const refusal = this.tryOut(user, command, { argv, offset: 0 })
    if (refusal === undefined) return undefined
    const object = refusal.reason === 'command' ? command.fullName : argv.latin1(refusal.argument)
    this.#note({ client, argv, user: user.name }, { reason: refusal.reason, context, object })
    return refusal
  }

  #note(
    { client, argv, user }: Omit<Credentials, 'password'>,
    entry: Pick<AccessLogEntry, 'reason' | 'context' | 'object'>,
  ): void {
    const { config, describeClient, nowMs } = this.#options
    this.#log.add(
      { ...entry, user, atMs: nowMs(), client: describeClient(client, argv) },
      config.integer('acllog-max-len'),
    )
  }

  #setDefaultPassword(password: string): void {
    const { defaultUser } = this.#users
    const hashes = password === '' ? [] : [hashPassword(Buffer.from(password))]
    this.#users.put(DEFAULT_USER, {
      ...defaultUser.state,
      needsNoPassword: password === '',
      passwords: hashes,
    })
    this.#review()
  }

  /** Who has just come, or is to be as if: whom we trust has no user. */
  #welcome(client: Client): void {
    const { defaultUser } = this.#users
    client.user = client.isTrusted ? undefined : defaultUser
    client.hasLoggedIn = client.isTrusted || defaultUser.isOpen
    this.#reviewClient(client)
  }

  /** Users have changed: what stands in each client's way is one bit of its state. */
  #review(): void {
    for (const client of this.#options.clients) this.#reviewClient(client)
  }

  #reviewClient(client: Client): void {
    const { user } = client
    const hasToLogIn = !client.hasLoggedIn && !this.#users.defaultUser.isOpen
    client.set(CLIENT_STATE.unauthenticated, hasToLogIn)
    client.set(CLIENT_STATE.restricted, user !== undefined && !user.isUnrestricted)
  }

  #hangUpOn(gone: ReadonlySet<ClientUser | undefined>, by: Client | undefined): void {
    const { clients } = this.#options
    for (const client of clients) {
      if (client.user === undefined || !gone.has(client.user)) continue
      // Should anything of it run still, it is nobody's.
      client.user = this.#users.defaultUser
      client.hasLoggedIn = false
      this.#reviewClient(client)
      clients.kill(client, by)
    }
  }

  #hangUpOnSubscribers(user: User, next: UserState, by: Client): void {
    const allowed = narrowedChannels(user.state.permissions, next.permissions)
    if (allowed === undefined) return
    for (const client of this.#options.clients) {
      if (client.user === user && listensBeyond(client, allowed)) {
        this.#options.clients.kill(client, by)
      }
    }
  }
}

/** Whether the user is on and the password one of its own. */
function mayLogIn({ state }: User, password: Uint8Array): boolean {
  if (!state.isEnabled) return false
  return state.needsNoPassword || isPasswordOf(state.passwords, password)
}
