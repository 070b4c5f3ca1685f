import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { build } from 'esbuild'

// Bundles the service whose folder it runs in to dist/: main.mjs, instrument.mjs where there is one and their chunks. The migrations stay where they are, in drizzle/ beside dist/

// Inlined CommonJS still asks for these three, which a module does not have.
const banner = [
  "import { createRequire as frontdeskCreateRequire } from 'node:module'",
  "import { dirname as frontdeskDirname } from 'node:path'",
  "import { fileURLToPath as frontdeskFileUrlToPath } from 'node:url'",
  'const require = frontdeskCreateRequire(import.meta.url)',
  'const __filename = frontdeskFileUrlToPath(import.meta.url)',
  'const __dirname = frontdeskDirname(__filename)',
].join('\n')

await rm('dist', { recursive: true, force: true })
await build({
  entryPoints: ['src/main.ts', 'src/instrument.ts'].filter((path) => existsSync(path)),
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  banner: { js: banner },
  logLevel: 'warning',
})
