import { rmSync } from 'node:fs'

// A file that was renamed or deleted must not live on in dist/.
rmSync('dist', { recursive: true, force: true })
