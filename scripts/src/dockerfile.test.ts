import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const read = (path: string) => readFile(join(resolve(import.meta.dirname, '../..'), path), 'utf8')
const [dockerfile, workspace, manifest] = (await Promise.all(['Dockerfile', 'pnpm-workspace.yaml', 'package.json'].map(read))) as [
  string,
  string,
  string,
]
const lastStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))

test('the image is built by the Node and the pnpm that the workspace pins', () => {
  const node = /^nodeVersion: (.+)$/m.exec(workspace)?.[1]
  const { devEngines } = JSON.parse(manifest) as { devEngines: { packageManager: { version: string } } }
  expect(dockerfile).toContain(`FROM node:${node}-`)
  expect(dockerfile).toContain(`@pnpm/exe.linux-x64@${devEngines.packageManager.version} `)
})

test('the image holds Node and the bundle with its migrations, and nothing runs as root', () => {
  expect(lastStage.split('\n').filter((line) => /^(COPY|ADD|RUN)/.test(line))).toEqual([
    'COPY --from=build /usr/local/bin/node /usr/local/bin/node',
    'COPY --from=build /app /app',
    'COPY --from=build --chown=65532:65532 /compile-cache /app/dist/compile-cache',
  ])
  expect(dockerfile).toContain('cp -r dist drizzle /app/')
  // Compiled by the user whom it is kept for.
  expect(dockerfile).toContain('setpriv --reuid 65532 --regid 65532 --clear-groups node /app/dist/main.mjs usage; test $? -eq 64')
  expect(lastStage).toMatch(/^USER 65532:65532$/m)
})
