import type { Addresses } from '../app/index.ts'

export interface GuideFacts extends Addresses {
  readonly hasura: string
  readonly adminSecret: string
  readonly tokens: { readonly alan: string; readonly barbara: string; readonly manager: string }
}

interface Step {
  readonly title: string
  readonly commands: readonly Try[]
}

interface Try {
  /** What the reader will see; stands in front of the command as a comment of the shell. */
  readonly says: string
  readonly command: string
}

const PRODUCTS = '{ products(limit: 2, order_by: {id: asc}) { id name price stock } }'
const ORDERS =
  'query @cached(ttl: 60) { orders(limit: 2, order_by: {id: asc}) { id user_id status } }'
const RESTOCK =
  'mutation { update_products_by_pk(pk_columns: {id: 1}, _inc: {stock: 1}) { id stock } }'
const COOKIES = '/tmp/gerbang-demo.cookies'

/** What `gerbang demo` prints once everything runs. test/integration/cli/demo.test.ts runs its commands. */
export function demoGuide(facts: GuideFacts): string {
  return [
    'Gerbang runs in front of a demo Hasura: a shop with users, products and orders.',
    '',
    ...listeners(facts),
    '',
    `Admin secret   ${facts.adminSecret}`,
    '',
    'Alan is user 1 and Barbara user 2, both of role user; the manager is user 9, of organisation 1.',
    'Paste this first. The tokens are valid for 12 hours.',
    '',
    // No comments behind them: zsh takes those for arguments.
    `  export ALAN=${facts.tokens.alan}`,
    `  export BARBARA=${facts.tokens.barbara}`,
    `  export MANAGER=${facts.tokens.manager}`,
    `  export ADMIN_SECRET=${facts.adminSecret}`,
    ...steps(facts).flatMap(renderStep),
    '',
    'Ctrl-C stops everything.',
  ].join('\n')
}

function listeners({ gateway, admin, redis, hasura }: GuideFacts): readonly string[] {
  return [
    `GraphQL        ${gateway}/v1/graphql`,
    `Demo Hasura    ${hasura}/v1/graphql`,
    `Statistics     ${admin}/stats  ${admin}/metrics`,
    ...(redis === undefined ? [] : [`Redis          ${redis}`]),
  ]
}

function renderStep({ title, commands }: Step, index: number): readonly string[] {
  const lines = commands.flatMap(({ says, command }) => [`  # ${says}`, `  ${command}`])
  return ['', `${index + 1}. ${title}`, '', ...lines]
}

function steps({ gateway, admin }: GuideFacts): readonly Step[] {
  const ask = (credentials: string, query: string): string =>
    `curl -si ${gateway}/v1/graphql ${credentials} -H 'Content-Type: application/json' -d '${JSON.stringify({ query })}'`
  const as = (variable: string): string => `-H "Authorization: Bearer $${variable}"`
  const session = (rest: string): string => `curl -si ${gateway}/session ${rest}`
  const flood = ask(as('BARBARA'), PRODUCTS).replace('-si', "-so /dev/null -w '%{http_code}\\n'")
  return [
    {
      title: 'Asked twice, answered once by Hasura. See the header Cache-Status.',
      commands: [
        {
          says: 'A miss: Hasura answers, the gateway keeps the answer.',
          command: ask(as('ALAN'), PRODUCTS),
        },
        { says: 'A hit: the same bytes, without Hasura.', command: ask(as('ALAN'), PRODUCTS) },
      ],
    },
    {
      title: 'Products look the same to every user: the permissions name no session variable.',
      commands: [
        {
          says: 'A hit for Barbara, out of the answer to Alan.',
          command: ask(as('BARBARA'), PRODUCTS),
        },
      ],
    },
    {
      title: 'Orders do not: a user sees only their own. @cached asks to keep them.',
      commands: [
        { says: 'A miss for Alan.', command: ask(as('ALAN'), ORDERS) },
        { says: 'A miss for Barbara: other rows.', command: ask(as('BARBARA'), ORDERS) },
        { says: 'A hit for Alan: his own rows again.', command: ask(as('ALAN'), ORDERS) },
      ],
    },
    {
      title: 'A mutation makes the next read fresh.',
      commands: [
        {
          says: 'The manager adds one to the stock of product 1.',
          command: ask(as('MANAGER'), RESTOCK),
        },
        { says: 'A miss for Alan, with the new stock.', command: ask(as('ALAN'), PRODUCTS) },
      ],
    },
    {
      title: 'A session: the token stays at home, a cookie travels.',
      commands: [
        {
          says: 'Log in: 201, and a cookie.',
          command: session(`-X POST ${as('ALAN')} -c ${COOKIES}`),
        },
        { says: 'Answered for the cookie: 200.', command: ask(`-b ${COOKIES}`, ORDERS) },
        { says: 'Log out: 204.', command: session(`-X DELETE -b ${COOKIES}`) },
        {
          says: 'The same cookie is worth nothing now: an error.',
          command: ask(`-b ${COOKIES}`, ORDERS),
        },
      ],
    },
    {
      title: 'A limit: 120 requests in any 60 seconds for each user.',
      commands: [
        {
          says: 'How many of 130 requests were answered with 200, and how many refused with 429.',
          command: `for i in $(seq 130); do ${flood}; done | sort | uniq -c`,
        },
        {
          says: 'Refused with 429; Retry-After tells when to come back.',
          command: ask(as('BARBARA'), PRODUCTS),
        },
        { says: 'Alan is not affected: 200.', command: ask(as('ALAN'), PRODUCTS) },
      ],
    },
    {
      title: 'What happened, in numbers.',
      commands: [
        {
          says: 'Statistics in JSON: 200.',
          command: `curl -si ${admin}/stats -H "X-Hasura-Admin-Secret: $ADMIN_SECRET"`,
        },
      ],
    },
  ]
}
