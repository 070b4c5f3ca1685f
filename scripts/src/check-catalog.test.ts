import { expect, test } from 'vitest'
import { foreignVersions, inexactVersions } from './check-catalog.ts'

test('a version written into a package.json is a problem, wherever it stands', () => {
  const manifest = {
    dependencies: { '@frontdesk/bus': 'workspace:*', zod: 'catalog:', pino: '^10.0.0' },
    devDependencies: { vitest: '5.1.1', '@frontdesk/testing': 'workspace:^' },
  }
  expect(foreignVersions(manifest)).toEqual([
    'pino is ^10.0.0, not catalog:',
    'vitest is 5.1.1, not catalog:',
    '@frontdesk/testing is workspace:^, not workspace:*',
  ])
})

test('a catalog entry that allows several versions is a problem', () => {
  const yaml = "packages:\n  - a/*\ncatalog:\n  zod: 4.6.7\n  '@scope/pino': 1.0.0-rc.1\n  turbo: ^2.0.0\n  knip: latest\nother:\n  x: ^1\n"
  expect(inexactVersions(yaml)).toEqual(['  turbo: ^2.0.0', '  knip: latest'])
})
