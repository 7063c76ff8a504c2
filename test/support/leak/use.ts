/**
 * One thing of the world that an answer shows:
 *
 * - `x-hasura-…`: a session variable;
 * - `session`, `headers`: the whole session, the client's headers that are passed on;
 * - `rows <table>`, `row <table> <id>`: how often the table or the row was written;
 * - `any`: how often anything was written.
 */
export type Use = string

/** The role may not ask this. */
export class Refused extends Error {
  override readonly name = 'Refused'
}
