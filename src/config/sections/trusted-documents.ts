import { option, optionalOption } from '../option.ts'
import { section } from '../section.ts'
import { oneOf, text } from '../value-types.ts'

export const trustedDocuments = section(
  'Documents that are known beforehand, asked for by documentId.',
  {
    mode: option(oneOf(['off', 'on', 'only']), {
      default: 'off',
      doc: 'on answers the documents of the manifest beside others; only refuses all others, but those of an admin.',
    }),
    manifest: optionalOption(text, {
      doc: 'File with the documents by id: a JSON map, as Relay’s compiler writes it, or Apollo’s persisted query manifest. Read at the start.',
    }),
  },
)
