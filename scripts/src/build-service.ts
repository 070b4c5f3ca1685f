import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { build as bundle, type Plugin } from 'esbuild'

// Bundles the service whose folder it runs in to dist/: main.mjs, which runs service.mjs and its chunks with the code that is kept
// compiled in compile-cache/. The migrations stay where they are, in drizzle/ beside dist/

// Inlined CommonJS still asks for these three, which a module does not have.
const banner = [
  "import { createRequire as frontdeskCreateRequire } from 'node:module'",
  "import { dirname as frontdeskDirname } from 'node:path'",
  "import { fileURLToPath as frontdeskFileUrlToPath } from 'node:url'",
  'const require = frontdeskCreateRequire(import.meta.url)',
  'const __filename = frontdeskFileUrlToPath(import.meta.url)',
  'const __dirname = frontdeskDirname(__filename)',
].join('\n')

/**
 * Modules of Node's that are taken without an import: an import reads each of their exports once, and of these two some load a
 * part of Node that no service uses, such as its browser-like WebSocket, which is a tenth of a start.
 */
const withoutImport: Plugin = {
  name: 'without-import',
  setup(build) {
    const namespace = 'without-import'
    build.onResolve({ filter: /^(node:)?(http|util)$/ }, ({ kind, path }) =>
      kind === 'import-statement' ? { path, namespace } : undefined,
    )
    build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: `module.exports = process.getBuiltinModule('${path}')` }))
  },
}

await rm('dist', { recursive: true, force: true })
await bundle({
  entryPoints: [{ in: 'src/main.ts', out: 'service' }],
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
  // Names stay, for stack traces. A dash in a comment alone would have V8 keep all of the source in two bytes a character.
  minifyWhitespace: true,
  lineLimit: 160,
  plugins: [withoutImport],
  banner: { js: banner },
  logLevel: 'warning',
})

// What V8 compiled once is a quarter of a start, and some 10 MB. Where it does not fit (another version, processor or user, V8's options) or can't be written, Node compiles.
await writeFile(
  'dist/main.mjs',
  [
    "import { enableCompileCache } from 'node:module'",
    "import { join } from 'node:path'",
    "enableCompileCache({ directory: join(import.meta.dirname, 'compile-cache'), portable: true })",
    "await import('./service.mjs')",
    '',
  ].join('\n'),
)
// No command of any service: it loads everything, tells how it is used, and ends.
const usage = spawn(process.execPath, ['dist/main.mjs', 'usage'], { env: {}, stdio: 'ignore' })
const [code] = await once(usage, 'exit')
if (code !== 64) throw new Error(`the bundle does not run: it ended with ${code}, run: node dist/main.mjs usage`)
