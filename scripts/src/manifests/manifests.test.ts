import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { IDeployment } from 'kubernetes-models/apps/v1'
import type { IJob } from 'kubernetes-models/batch/v1'
import type { IIngress, INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1'
import type { IConfigMap, IContainer, INamespace, IPodSpec, IService, IServiceAccount } from 'kubernetes-models/v1'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DeployedService, findServices, policyProblems } from './check.ts'
import { findKubectl, type KubernetesObject, type Overlay, renderOverlays } from './render.ts'
import { typeProblems } from './types.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../../..')
const kubectl = findKubectl()

describe.skipIf(kubectl === undefined)('the manifests', () => {
  let folder: string
  let services: DeployedService[]
  let prod: Overlay
  const render = (path: string) => renderOverlays(path, kubectl ?? '')
  const prodOf = (overlays: readonly Overlay[]): Overlay => overlays.find(({ name }) => name === 'prod') as Overlay

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'frontdesk-k8s-'))
    const [overlays, found] = await Promise.all([render(join(root, 'k8s')), findServices(root)])
    prod = prodOf(overlays)
    services = found
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const check = (path: string) => run(process.execPath, [join(root, 'scripts/src/check-manifests.ts'), path])
  const copyWith = async (name: string, path: string, before: string, after: string): Promise<string> => {
    const copy = join(folder, name)
    await cp(join(root, 'k8s'), copy, { recursive: true })
    const text = await readFile(join(copy, path), 'utf8')
    expect(text).toContain(before)
    await writeFile(join(copy, path), text.replace(before, after))
    return copy
  }

  test('there is one of each for every service, and nothing is wrong with them', async () => {
    expect(services.map(({ name }) => name)).toEqual(expect.arrayContaining(['booking', 'company-resolver', 'webhook-ingress']))
    await expect(check(join(root, 'k8s'))).resolves.toEqual({ stdout: '', stderr: '' })
  })

  test('a misspelt field fails the check, which names overlay, object and field', async () => {
    const copy = await copyWith('misspelt', 'components/service/server.yaml', 'readOnlyRootFilesystem', 'readOnlyRootFileSystem')
    await expect(check(copy)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^prod: Deployment\/booking: .*'readOnlyRootFileSystem' does not exist/m),
    })
  })

  test.each([
    [
      'a kind that is not there',
      'overlays/prod/kustomization.yaml',
      'kind: Deployment',
      'kind: Deploymnt',
      /^overlays\/prod\/.*: Deploymnt\/\.\+$/m,
    ],
    [
      'one such kind of two',
      'base/booking/kustomization.yaml',
      'kind: Deployment|Job',
      'kind: Deployment|Jbo',
      /^base\/booking\/.*: Jbo\/\.\+$/m,
    ],
    [
      'a name that is not there',
      'overlays/prod/kustomization.yaml',
      'kind: Deployment',
      'kind: Deployment\n      name: bookin',
      /^overlays\/prod\/.*: Deployment\/bookin$/m,
    ],
  ])('a patch for %s fails the check, and is not passed over', async (what, path, before, after, stderr) => {
    await expect(check(await copyWith(what, path, before, after))).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(stderr) })
  })

  test.each([
    ['internet', 'billing', 'the way out is closed and needed: billing → the internet:443/TCP'],
    ['http', 'messaging', 'Deployment/messaging: the port of HTTP_PORT is not open: 8080'],
  ])('without the component %s %s fails the check', async (component, service, problem) => {
    const copy = await copyWith(`without-${component}`, `base/${service}/kustomization.yaml`, `  - ../../components/${component}\n`, '')
    await expect(check(copy)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(`prod: ${problem}\n`) })
  })

  test('every path that providers call is led in', () => {
    const paths = services.flatMap(({ publicPaths }) => publicPaths)
    expect(paths).toEqual(['/v1/retell/functions', '/v1/retell/inbound', '/v1/webhooks', '/v1/webhooks/whatsapp'])
    const objects = prod.objects.filter(({ kind }) => kind !== 'Ingress')
    expect(policyProblems({ name: 'prod', objects }, services)).toEqual(
      paths.map((path) => `prod: no Ingress leads ${path} to webhook-ingress`),
    )
  })

  test('a path that the Ingress leaves out is named', () => {
    expect(problemsWith<IIngress>('Ingress/webhooks', ({ spec }) => (spec!.rules![0]!.http!.paths[1]!.path = '/v1/ret'))).toEqual([
      'prod: no Ingress leads /v1/retell/functions to webhook-ingress',
      'prod: no Ingress leads /v1/retell/inbound to webhook-ingress',
    ])
  })

  test.each([undefined, '3m', '4096k'])('an Ingress that takes bodies of %s alone is named', (size) => {
    const annotations = size === undefined ? {} : { 'nginx.ingress.kubernetes.io/proxy-body-size': size }
    expect(problemsWith<IIngress>('Ingress/webhooks', ({ metadata }) => void Object.assign(metadata, { annotations }))).toEqual([
      expect.stringContaining('prod: Ingress/webhooks: ends bodies below 4 MiB'),
    ])
  })

  test('an ingress that takes every caller for the controller is named', () => {
    const problems = problemsWith<IDeployment>('Deployment/webhook-ingress', ({ spec }) => {
      const server = spec?.template?.spec?.containers[0]
      if (server) server.env = server.env?.filter(({ name }) => name !== 'TRUSTED_PROXIES') ?? []
    })
    expect(problems).toEqual([
      'prod: Deployment/webhook-ingress: takes every caller for the Ingress controller: TRUSTED_PROXIES is not set',
    ])
  })

  test('a privileged container fails the check', async () => {
    const copy = await copyWith('privileged', 'components/service/migrations.yaml', 'allowPrivilegeEscalation: false', 'privileged: true')
    await expect(check(copy)).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('prod: Job/booking-migrations: migrations: is not privileged\n'),
    })
  })

  test('a wrong type, a missing field and a kind that is not there are refused', async () => {
    const object = (kind: string, rest: object) => ({ apiVersion: 'v1', kind, metadata: { name: 'planted' }, ...rest })
    const objects = [
      object('Service', { spec: { ports: [{ port: '80' }] } }),
      object('Pod', { spec: {} }),
      object('Deployment', {}),
      { ...object('Job', {}), apiVersion: 'batch/v9' },
    ]
    expect(await typeProblems([{ name: 'dev', objects }])).toEqual([
      "dev: Service/planted: Type 'string' is not assignable to type 'number'.",
      expect.stringMatching(/^dev: Pod\/planted: Property 'containers' is missing/),
      expect.stringContaining('IDeployment'),
      expect.stringContaining('kubernetes-models/batch/v9'),
    ])
  })

  test('a new service costs an account, a list of components, and its name in base and prod', async () => {
    const copy = await copyWith('new', 'base/kustomization.yaml', '  - booking\n', '  - booking\n  - planted\n')
    await mkdir(join(copy, 'base/planted'))
    const account = await readFile(join(copy, 'base/booking/account.yaml'), 'utf8')
    await writeFile(join(copy, 'base/planted/account.yaml'), account.replace('booking', 'planted'))
    // With all that a service can have besides.
    const components = ['service', 'vault', 'caller', 'http', 'internet', 'named'].map((name) => `  - ../../components/${name}\n`)
    await writeFile(
      join(copy, 'base/planted/kustomization.yaml'),
      `kind: Kustomization\nresources:\n  - account.yaml\ncomponents:\n${components.join('')}`,
    )
    const images = await readFile(join(copy, 'overlays/prod/kustomization.yaml'), 'utf8')
    await writeFile(
      join(copy, 'overlays/prod/kustomization.yaml'),
      images.replace(
        'images:\n',
        'images:\n  - name: frontdesk/planted\n    newName: registry.example.com/frontdesk/planted\n    newTag: 0.1.0\n',
      ),
    )
    const overlays = await render(copy)
    const [ingress, messaging] = ['webhook-ingress', 'messaging'].map((service) => services.find(({ name }) => name === service)?.settings)
    if (!ingress || !messaging) throw new Error('the services to take settings from are gone')
    // The ingress' settings, of which it has those that the components bring, and messaging's, which calls a provider.
    const settings = { shape: { ...messaging.shape, ...ingress.shape }, safeParse: (value: unknown) => ingress.safeParse(value) }
    const all = [...services, { name: 'planted', settings, publicPaths: [] }]
    const lacking = [
      'DIRECTORY_ADDRESS',
      'BOOKING_ADDRESS',
      'RETELL_API_KEY',
      'STRIPE_WEBHOOK_SECRET',
      'WHATSAPP_APP_SECRET',
      'WHATSAPP_VERIFY_TOKEN',
    ].map((name) => `the setting ${name} is missing`)
    const problems = overlays.flatMap((overlay) => policyProblems(overlay, all))
    expect(problems.filter((problem) => !lacking.some((lack) => problem.endsWith(lack)))).toEqual([])
    expect(await typeProblems(overlays)).toEqual([])
  })

  /** The problems after a change to one object of the rendered prod overlay. */
  const problemsWith = <T>(id: string, change: (object: T & KubernetesObject) => void): string[] => {
    const objects = structuredClone(prod.objects)
    const object = objects.find(({ kind, metadata }) => id === `${kind}/${metadata.name}`)
    if (!object) throw new Error(`there is no ${id}`)
    change(object as T & KubernetesObject)
    return policyProblems({ name: 'prod', objects }, services)
  }
  const inPod = (change: (pod: IPodSpec, server: IContainer) => void) =>
    problemsWith<IDeployment>('Deployment/booking', ({ spec }) => {
      const pod = spec?.template?.spec
      const server = pod?.containers[0]
      if (pod && server) change(pod, server)
    })

  test.each<[string, (pod: IPodSpec, server: IContainer) => void, string]>([
    ['root', (pod) => (pod.securityContext!.runAsNonRoot = false), 'runs as no root'],
    ['user 0', (_pod, server) => (server.securityContext!.runAsUser = 0), 'is no root of its own'],
    ['no seccomp profile', (pod) => delete pod.securityContext!.seccompProfile, 'seccomp profile RuntimeDefault'],
    ['privilege escalation', (_pod, server) => delete server.securityContext!.allowPrivilegeEscalation, 'may not gain privileges'],
    ['a capability', (_pod, server) => (server.securityContext!.capabilities!.add = ['NET_ADMIN']), 'drops all capabilities and adds none'],
    ['a writable root', (_pod, server) => delete server.securityContext!.readOnlyRootFilesystem, 'has a read-only root'],
    ['the network of its node', (pod) => (pod.hostNetwork = true), 'shares nothing with its node'],
    ['a folder of its node', (pod) => pod.volumes!.push({ name: 'x', hostPath: { path: '/' } }), 'has no volume of its node'],
    ['a port of its node', (_pod, server) => (server.ports![0]!.hostPort = 80), 'takes no port of its node'],
    [
      'a privileged init container',
      (pod) => (pod.initContainers = [{ name: 'init', securityContext: { privileged: true } }]),
      'init: is not privileged',
    ],
    ['a port where nobody listens', (_pod, server) => (server.ports![0]!.containerPort = 50_052), 'names the ports rpc and admin'],
    ['too little patience for /readyz', (_pod, server) => delete server.readinessProbe!.timeoutSeconds, 'waits for /readyz'],
    ['an empty setting', (_pod, server) => delete server.env![1]!.valueFrom, 'the setting MYSQL_URL is missing'],
    ['a spread over old and new pods', (pod) => delete pod.topologySpreadConstraints![0]!.matchLabelKeys, 'is spread over nodes'],
    ['a token', (pod) => delete pod.automountServiceAccountToken, 'mounts no token'],
    ['Service links', (pod) => delete pod.enableServiceLinks, 'takes no settings from Service links'],
    ['no requests', (_pod, server) => delete server.resources!.requests, 'requests CPU and memory'],
    ['no limits', (_pod, server) => delete server.resources!.limits, 'is limited in CPU and memory'],
    ['an image of no version', (_pod, server) => (server.image = 'registry.example.com/frontdesk/booking'), 'has an image of a version'],
    ['an image of no registry', (_pod, server) => (server.image = 'frontdesk/booking:1'), 'has an image of a registry'],
    ['no startup probe', (_pod, server) => delete server.startupProbe, 'is startup-probed over gRPC'],
    ['a liveness probe by TCP', (_pod, server) => (server.livenessProbe = { tcpSocket: { port: 'rpc' } }), 'is liveness-probed over gRPC'],
    ['no readiness probe', (_pod, server) => delete server.readinessProbe, 'is readiness-probed by /readyz'],
    ['no preStop', (_pod, server) => delete server.lifecycle, 'waits in preStop'],
    ['too little time to drain', (pod) => (pod.terminationGracePeriodSeconds = 30), 'as long as preStop and the drain take'],
    ['no spread', (pod) => delete pod.topologySpreadConstraints, 'is spread over nodes'],
    ['an account of another', (pod) => (pod.serviceAccountName = 'default'), 'runs as its ServiceAccount'],
    [
      'a setting that is not there',
      (_pod, server) => server.env!.push({ name: 'MYSQL_POOLSIZE', value: '3' }),
      'there is no setting MYSQL_POOLSIZE',
    ],
    ['a setting that can’t be', (_pod, server) => server.env!.push({ name: 'MYSQL_POOL_SIZE', value: '1' }), "MYSQL_POOL_SIZE can't be 1"],
    [
      'a file that nobody mounts',
      (_pod, server) => server.volumeMounts!.splice(0, 1),
      'the setting JWKS_FILE names no file of a volume: /etc/frontdesk/callers/jwks.json',
    ],
    [
      'a call to nobody',
      (_pod, server) => server.env!.push({ name: 'X_ADDRESS', value: 'bookin:50051' }),
      'X_ADDRESS names no port of a Service',
    ],
    ['a setting too few', (_pod, server) => server.env!.splice(1, 1), 'the setting MYSQL_URL is missing'],
    [
      'another to call',
      (_pod, server) => server.env!.push({ name: 'X_ADDRESS', value: 'company-resolver:50051' }),
      'the way in is closed and needed: booking → company-resolver:50051',
    ],
  ])('a Deployment with %s is refused', (_what, change, problem) => {
    expect(inPod(change)).toContainEqual(expect.stringContaining(problem))
  })

  test.each<[string, string[], string]>([
    ['ServiceAccount', ['ServiceAccount/booking'], 'ServiceAccount/booking: mounts no token'],
    ['headless Service', ['Service/booking'], 'has a headless Service for gRPC'],
    ['Service for HTTP', ['Service/webhook-ingress-http'], 'has a Service for its HTTP port'],
    ['PodDisruptionBudget', ['PodDisruptionBudget/booking'], 'has a PodDisruptionBudget'],
    ['migrations', ['Job/booking-migrations'], 'Job/booking-migrations is missing'],
    ['Deployment', ['Deployment/booking'], 'Deployment/booking is missing'],
    ['default deny', ['NetworkPolicy/default-deny'], 'the way out is open and nothing needs it: a pod of no service → '],
    ['policy', ['NetworkPolicy/booking'], 'the way out is closed and needed: booking → mysql:3306'],
    [
      'way to its callee',
      ['NetworkPolicy/webhook-ingress-calls'],
      'the way out is closed and needed: webhook-ingress → company-resolver:50051',
    ],
    [
      'way for its callers',
      ['NetworkPolicy/company-resolver-callers'],
      'the way in is closed and needed: webhook-ingress → company-resolver:50051',
    ],
    ['way to identity’s keys', ['NetworkPolicy/booking-server'], 'the way out is closed and needed: booking → identity:8080'],
    ['way to its tokens', ['NetworkPolicy/webhook-ingress-identity'], 'the way out is closed and needed: webhook-ingress → identity:50051'],
    ['way for those who verify', ['NetworkPolicy/identity-callers'], 'the way in is closed and needed: booking → identity:8080'],
    [
      'Service that publishes its keys',
      ['Service/identity-jwks'],
      'Deployment/booking: JWKS_URL names no port of a Service: http://identity-jwks:8080',
    ],
    ['way for providers', ['NetworkPolicy/webhook-ingress-http'], 'the way in is closed and needed: ingress → webhook-ingress:8080'],
    ['Namespace', ['Namespace/frontdesk'], 'not exactly one Namespace'],
  ])('a service without its %s is refused', (_what, ids, problem) => {
    const objects = prod.objects.filter(({ kind, metadata }) => !ids.includes(`${kind}/${metadata.name}`))
    expect(policyProblems({ name: 'prod', objects }, services)).toContainEqual(expect.stringContaining(problem))
  })

  test.each<[string, () => string[], string]>([
    [
      'a namespace without Pod Security',
      () =>
        problemsWith<INamespace>('Namespace/frontdesk', ({ metadata }) => delete metadata.labels!['pod-security.kubernetes.io/enforce']),
      'Pod Security does not enforce "restricted"',
    ],
    [
      'a budget that lets all pods go',
      () => problemsWith<IPodDisruptionBudget>('PodDisruptionBudget/booking', ({ spec }) => (spec!.maxUnavailable = '100%')),
      'has a PodDisruptionBudget',
    ],
    [
      'an admin port for all to see',
      () => problemsWith<IService>('Service/booking', ({ spec }) => spec!.ports!.push({ port: 9090, targetPort: 'admin' })),
      'has its admin port in no Service',
    ],
    [
      'an account with a token',
      () => problemsWith<IServiceAccount>('ServiceAccount/booking', (account) => (account.automountServiceAccountToken = true)),
      'ServiceAccount/booking: mounts no token',
    ],
    [
      'migrations by another image',
      () =>
        problemsWith<IJob>(
          'Job/booking-migrations',
          ({ spec }) => (spec!.template.spec!.containers[0]!.image = 'registry.example.com/x:1'),
        ),
      'runs the image of the server',
    ],
    [
      'migrations that try wrong settings again',
      () => problemsWith<IJob>('Job/booking-migrations', ({ spec }) => spec!.podFailurePolicy!.rules[0]!.onExitCodes!.values.pop()),
      'not where trying again can’t help',
    ],
    [
      'a policy that lets a pod be taken for the DNS',
      () => problemsWith<INetworkPolicy>('NetworkPolicy/booking', ({ spec }) => (spec!.egress![0]!.to![0]!.namespaceSelector = {})),
      'the way out is open and nothing needs it: booking → a pod that calls itself dns:53/UDP',
    ],
    [
      'a policy that lets others’ servers in',
      () =>
        problemsWith<INetworkPolicy>(
          'NetworkPolicy/identity-callers',
          ({ spec }) => delete spec!.ingress![0]!.from![0]!.podSelector!.matchLabels!['app.kubernetes.io/part-of'],
        ),
      'the way in is open and nothing needs it: a server of others → identity:8080/TCP',
    ],
    [
      'one replica in prod',
      () => problemsWith<IDeployment>('Deployment/booking', ({ spec }) => (spec!.replicas = 1)),
      'has two replicas in prod',
    ],
    [
      'a policy that lets a whole namespace in',
      () =>
        problemsWith<INetworkPolicy>(
          'NetworkPolicy/company-resolver-callers',
          ({ spec }) => (spec!.ingress![0]!.from = [{ podSelector: {} }]),
        ),
      'the way in is open and nothing needs it: a pod of no service → company-resolver:50051/TCP',
    ],
    [
      'an identity that lets in who has no credential',
      () =>
        problemsWith<INetworkPolicy>(
          'NetworkPolicy/identity-callers',
          ({ spec }) => delete spec!.ingress![1]!.from![0]!.podSelector!.matchLabels!['frontdesk.internal/asks'],
        ),
      'the way in is open and nothing needs it: company-resolver → identity:50051/TCP',
    ],
    [
      'a caller that identity’s policy does not know',
      () =>
        problemsWith<IDeployment>(
          'Deployment/webhook-ingress',
          ({ spec }) => delete spec!.template.metadata!.labels!['frontdesk.internal/asks'],
        ),
      'the way in is closed and needed: webhook-ingress → identity:50051/TCP',
    ],
    [
      'a credential that is not mounted',
      () =>
        problemsWith<IDeployment>(
          'Deployment/webhook-ingress',
          ({ spec }) => (spec!.template.spec!.volumes!.find(({ name }) => name === 'credential')!.secret!.items![0]!.path = 'key.json'),
        ),
      'the setting CREDENTIAL_FILE names no file of a volume: /etc/frontdesk/credential/credential',
    ],
    [
      'a policy that lets the internet be reached',
      () => problemsWith<INetworkPolicy>('NetworkPolicy/booking', ({ spec }) => spec!.egress!.push({ ports: [{ port: 443 }] })),
      'the way out is open and nothing needs it: booking → the internet:443/TCP',
    ],
    [
      'a common setting that is not there',
      () => {
        const { metadata } = prod.objects.find(({ kind }) => kind === 'ConfigMap') as KubernetesObject
        return problemsWith<IConfigMap>(`ConfigMap/${metadata.name}`, ({ data }) => (data!['LOGLEVEL'] = 'info'))
      },
      'Deployment/booking: there is no setting LOGLEVEL',
    ],
    [
      'a Secret',
      () => problemsWith<IServiceAccount>('ServiceAccount/booking', (account) => Object.assign(account, { kind: 'Secret' })),
      'Secret/booking: secrets are made in the cluster',
    ],
    [
      'an object of another namespace',
      () => problemsWith<IService>('Service/booking', ({ metadata }) => (metadata.namespace = 'default')),
      "Service/booking: is outside the overlay's namespace",
    ],
  ])('%s is refused', (_what, problems, problem) => {
    expect(problems()).toContainEqual(expect.stringContaining(problem))
  })

  test('what is made for development alone is refused', () => {
    expect(problemsWith<IDeployment>('Deployment/booking', ({ metadata }) => (metadata.name = 'provider-sandbox'))).toContainEqual(
      'prod: Deployment/provider-sandbox: there is no such service to deploy',
    )
  })
})
