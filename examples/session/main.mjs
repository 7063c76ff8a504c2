// A cookie in exchange for a token: good until it is given back, and then at once for nothing.
const { GATEWAY = 'http://localhost:8000', TOKEN = '' } = process.env

const created = await fetch(`${GATEWAY}/session`, {
  method: 'POST',
  headers: { authorization: `Bearer ${TOKEN}` },
})
console.log(`POST /session: ${created.status}`)
// Browsers do this by themselves: name and value, without the attributes.
const cookie = created.headers.getSetCookie()[0]?.split(';')[0] ?? ''

console.log(`with the cookie: ${await ask()}`)
const ended = await fetch(`${GATEWAY}/session`, { method: 'DELETE', headers: { cookie } })
console.log(`DELETE /session: ${ended.status}`)
console.log(`with the same cookie: ${await ask()}`)

async function ask() {
  const answer = await fetch(`${GATEWAY}/v1/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify({ query: '{ orders(limit: 1) { id } }' }),
  })
  const { errors } = await answer.json()
  return errors === undefined ? 'answered' : errors[0].message
}
