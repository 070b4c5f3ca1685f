// The import rules of the workspace. scripts/src/boundaries.test.ts plants a violation of each and sees it fire.

const test = String.raw`(\.test\.ts$|^(packages|services)/[^/]+/test/)`
const testHelper = String.raw`^packages/(testing/|[^/]+/src/testing(\.ts$|/))`
const door = String.raw`^packages/[^/]+/src/(index|testing|samples)\.ts$`
const production = { path: '^(packages|services)/[^/]+/src/', pathNot: [test, testHelper] }
const layer = (folders) => ({ path: `^services/([^/]+)/src/(${folders})/`, pathNot: test })

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    rule(
      'service-imports-service',
      'A service reaches another by RPC or by its events.',
      { path: '^services/([^/]+)/' },
      { path: '^services/', pathNot: '^services/$1/' },
    ),
    rule(
      'library-imports-service',
      'Packages are below services; scripts run services as processes.',
      { path: '^(packages|scripts)/', pathNot: '^scripts/src/evaluate/resolver\\.ts$' },
      { path: '^services/' },
    ),
    rule(
      'evaluation-imports-past-decision',
      'What is evaluated is how the resolver reads and decides, in one file that names it; no server, database or wiring comes along.',
      { path: '^scripts/src/evaluate/resolver\\.ts$' },
      { path: '^services/', pathNot: '^services/company-resolver/src/(domain|app|events/read-provider-event\\.ts$)' },
    ),
    rule(
      'leaf-imports-package',
      'contracts and errors are at the bottom.',
      { path: '^packages/(contracts|errors)/src/', pathNot: test },
      { path: '^packages/', pathNot: '^packages/$1/' },
    ),
    rule(
      'past-the-door',
      'A package is entered by src/index.ts, src/testing.ts or src/samples.ts.',
      { path: '^(packages|services|scripts)/([^/]+)/' },
      { path: '^packages/', pathNot: ['^$1/$2/', door] },
    ),
    rule(
      'relative-into-package',
      'A package is imported by its name, which its package.json declares.',
      { path: '^(packages|services|scripts)/([^/]+)/' },
      { path: '^packages/', pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    ),
    rule('circular', 'A cycle has no reading order.', {}, { circular: true }),
    rule('test-helper-in-production', 'Test helpers stay in tests.', production, { path: [testHelper, test] }),
    rule(
      'samples-in-service',
      'What plays a provider has no place where its webhooks are received.',
      { path: '^services/', pathNot: test },
      {
        path: '^packages/providers/src/samples(\\.ts$|/)',
      },
    ),
    rule('test-dependency-in-production', 'What production needs is a dependency, not a devDependency.', production, {
      dependencyTypes: ['npm-dev'],
      dependencyTypesNot: ['type-only'],
    }),
    rule('undeclared', 'Hoisting hides an undeclared dependency from tsc.', {}, { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] }),
    rule('unresolvable', 'It is not there.', {}, { couldNotResolve: true }),

    rule('domain-imports-outside', 'The domain imports the domain and errors.', layer('domain'), {
      pathNot: ['^services/$1/src/domain/', '^packages/errors/src/index.ts$'],
    }),
    rule(
      'app-imports-outside',
      'A use case imports app, domain, errors and contracts, and types of database and providers.',
      layer('app'),
      {
        pathNot: ['^services/$1/src/(app|domain)/', '^packages/(errors|contracts|database|providers)/src/index.ts$'],
      },
    ),
    rule('app-imports-more-than-types', 'Of database and providers a use case knows only types.', layer('app'), {
      path: '^packages/(database|providers)/',
      dependencyTypesNot: ['type-only'],
    }),
    rule(
      'implementation-imported',
      'db and clients reach their users through a port of app, wired by service.ts.',
      { path: '^services/[^/]+/src/', pathNot: [test, '^services/[^/]+/src/(service\\.ts$|db/|clients/)'] },
      { path: '^services/[^/]+/src/(db|clients)/' },
    ),
    rule('implementation-imports-adapter', 'db and clients implement ports; they know no handler.', layer('db|clients'), {
      path: '^services/[^/]+/src/(rpc|events|http)/',
    }),
    rule(
      'wiring-imported',
      'main → service → everything else, and never back.',
      { path: '^services/[^/]+/src/', pathNot: [test, '^services/[^/]+/src/(main|service)\\.ts$'] },
      { path: '^services/[^/]+/src/(main|service|config)\\.ts$' },
    ),
    rule(
      'main-imported',
      'main is an entry.',
      { path: '^services/[^/]+/src/service\\.ts$' },
      {
        path: '^services/[^/]+/src/main\\.ts$',
      },
    ),
    rule(
      'main-imports-past-service',
      'main knows only its config and its service.',
      { path: '^services/[^/]+/src/main\\.ts$' },
      {
        path: '^services/[^/]+/src/',
        pathNot: '^services/[^/]+/src/(service|config)\\.ts$',
      },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/gen/|/dist/|/drizzle/|/coverage/)' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'], extensions: ['.ts', '.mjs', '.js'] },
  },
}
