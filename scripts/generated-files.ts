import { renderConfigDocs, renderJsonSchema, renderSampleFile } from '../src/config/index.ts'
import { renderCommandDocs } from './render-commands.ts'
import { renderConformanceDocs } from './render-conformance.ts'
import { renderDirectiveDocs } from './render-directives.ts'
import { renderErrorDocs } from './render-errors.ts'
import { renderMetricDocs } from './render-metrics.ts'
import { renderReasonDocs } from './render-reasons.ts'

/** Every file of the repository that is made from a table, by its path, with its text. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['config/gerbang.yaml', renderSampleFile()],
    ['config/gerbang.schema.json', renderJsonSchema()],
    ['docs/CONFIG.md', renderConfigDocs()],
    ['docs/COMMANDS.md', renderCommandDocs()],
    ['docs/CONFORMANCE.md', renderConformanceDocs()],
    ['docs/DIRECTIVES.md', renderDirectiveDocs()],
    ['docs/ERRORS.md', renderErrorDocs()],
    ['docs/METRICS.md', renderMetricDocs()],
    ['docs/REASONS.md', renderReasonDocs()],
  ])
}
