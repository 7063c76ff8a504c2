import type { CommandCatalogue } from './command-catalogue.ts'
import { Permissions } from './permissions.ts'
import type { RuleError } from './rule-errors.ts'
import { applyRule } from './rule-parser.ts'
import { copyState, User, type UserState } from './user.ts'

export const DEFAULT_USER = 'default'

export interface UsersOptions {
  readonly catalogue: CommandCatalogue
  /** acl-pubsub-default: whether rules start with all channels allowed. */
  readonly allowsAllChannels: () => boolean
}

/** The users of one engine, by name. The default one is there always, and always the same object. */
export class Users {
  readonly defaultUser: User
  readonly #options: UsersOptions
  #byName: Map<string, User>

  constructor(options: UsersOptions) {
    this.#options = options
    this.defaultUser = new User(DEFAULT_USER, this.#openState())
    this.#byName = new Map([[DEFAULT_USER, this.defaultUser]])
  }

  find(name: string): User | undefined {
    return this.#byName.get(name)
  }

  /** In the order of their names' bytes. */
  sorted(): readonly User[] {
    return [...this.#byName.values()].sort((left, right) => (left.name < right.name ? -1 : 1))
  }

  /** What rules on a user start from: its state now, or that of one who may do nothing. To be changed. */
  draft(name: string): UserState {
    const user = this.#byName.get(name)
    return user === undefined ? this.newState() : copyState(user.state)
  }

  apply(state: UserState, rule: string): RuleError | undefined {
    return applyRule(state, rule, () => this.#newPermissions())
  }

  /** Makes a user, or changes one. */
  put(name: string, state: UserState): void {
    const user = this.#byName.get(name)
    if (user === undefined) this.#byName.set(name, new User(name, state))
    else user.state = state
  }

  /** Undefined when there was none. */
  delete(name: string): User | undefined {
    const user = this.#byName.get(name)
    this.#byName.delete(name)
    return user
  }

  /** Puts others in the place of all; gives those that are gone, the default user never among them. */
  replaceAll(states: ReadonlyMap<string, UserState>): readonly User[] {
    const gone = [...this.#byName.values()].filter((user) => user !== this.defaultUser)
    this.defaultUser.state = states.get(DEFAULT_USER) ?? this.#openState()
    this.#byName = new Map([[DEFAULT_USER, this.defaultUser]])
    for (const [name, state] of states) {
      if (name !== DEFAULT_USER) this.#byName.set(name, new User(name, state))
    }
    return gone
  }

  /** Of one who may do nothing. */
  newState(): UserState {
    return {
      isEnabled: false,
      needsNoPassword: false,
      sanitizesPayload: undefined,
      passwords: [],
      permissions: [this.#newPermissions()],
    }
  }

  #newPermissions(): Permissions {
    const { allowsAllChannels, catalogue } = this.#options
    return new Permissions(catalogue, allowsAllChannels())
  }

  /** Of the default user as long as nobody says otherwise. */
  #openState(): UserState {
    const permissions = new Permissions(this.#options.catalogue, true)
    permissions.allowAllCommands(true)
    permissions.allowsAllKeys = true
    return {
      ...this.newState(),
      isEnabled: true,
      needsNoPassword: true,
      permissions: [permissions],
    }
  }
}
