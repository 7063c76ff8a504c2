import { sessionOf } from './decode-claims.ts'
import { EchoUpstream, sendJson } from './echo-upstream.ts'

export const READ_ROW =
  'query ($id: Int!) @cached(ttl: 60) { products(where: {id: {_eq: $id}}) { id version } }'
export const WRITE_ROW =
  'mutation ($id: Int!) { update_products(where: {id: {_eq: $id}}, _inc: {version: 1}) { returning { id version } } }'
export const READ_OWN = 'query @cached(ttl: 60) { orders { user_id } }'

/** An upstream whose rows change: by each mutation a row has the next version. Orders tell whose they are. */
export class RowUpstream extends EchoUpstream {
  readonly #versions = new Map<number, number>()

  constructor() {
    super()
    this.respond = (request, response) => {
      const { query, variables } = JSON.parse(request.body)
      const id = Number(variables?.id ?? 0)
      if (query.startsWith('mutation')) {
        const version = (this.#versions.get(id) ?? 0) + 1
        this.#versions.set(id, version)
        sendJson(response, { data: { update_products: { returning: [{ id, version }] } } })
        return
      }
      if (query.includes('orders')) {
        const user = sessionOf(request)['x-hasura-user-id']
        sendJson(response, { data: { orders: [{ user_id: user }] } })
        return
      }
      const rows = [{ id, version: this.#versions.get(id) ?? 0 }]
      // On its way for a while, so that writes overtake it.
      setTimeout(() => sendJson(response, { data: { products: rows } }), id % 5)
    }
  }
}
