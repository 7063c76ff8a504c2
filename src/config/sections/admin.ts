import { option } from '../option.ts'
import { section } from '../section.ts'
import { port, text } from '../value-types.ts'

export const admin = section('The listener for statistics, metrics and health.', {
  host: option(text, {
    default: '127.0.0.1',
    env: ['GERBANG_ADMIN_HOST'],
    flag: 'admin-host',
    doc: 'Address to listen on. Other than loopback needs an admin secret.',
  }),
  port: option(port, {
    default: 8001,
    env: ['GERBANG_ADMIN_PORT'],
    flag: 'admin-port',
    doc: 'TCP port to listen on; 0 picks a free one.',
  }),
})
