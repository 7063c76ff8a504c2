// Asks the same query twice, and prints what became of it: a miss, then a hit.
const { GATEWAY = 'http://localhost:8000', TOKEN = '' } = process.env

const query = `query Cheapest @cached(ttl: 30) {
  products(limit: 3, order_by: { price: asc }) { id name price }
}`

for (let times = 0; times < 2; times += 1) {
  const answer = await fetch(`${GATEWAY}/v1/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ query }),
  })
  const { errors } = await answer.json()
  if (errors !== undefined) throw new Error(errors[0].message)
  console.log(answer.headers.get('cache-status'))
}
