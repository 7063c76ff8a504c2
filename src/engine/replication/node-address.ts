/** Where a server of a group can be reached. */
export interface NodeAddress {
  readonly host: string
  readonly port: number
}
