import { option, optionalOption } from '../option.ts'
import { section } from '../section.ts'
import { byteSize, text, urlPath } from '../value-types.ts'

export const events = section(
  'Hasura’s event triggers, which tell of writes that go around the gateway.',
  {
    path: option(urlPath, {
      default: '/events',
      doc: 'Where Hasura sends them, on the clients’ port: POST /events/default for the source named default.',
    }),
    secret: optionalOption(text, {
      env: ['GERBANG_EVENTS_SECRET'],
      isSecret: true,
      doc: 'What the header X-Gerbang-Events-Secret must hold. Events are refused unless it is given.',
    }),
    body_size_max: option(byteSize({ min: '1kb', max: '64mb' }), {
      default: '1mb',
      doc: 'A larger event is refused, and makes everything stale: which table it tells of is not known.',
    }),
  },
)
