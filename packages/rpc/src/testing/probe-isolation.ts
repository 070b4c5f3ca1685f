import { randomBytes } from 'node:crypto'
import { type CompanyId, newId } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'

interface Message {
  fromPartial(fields: object): object
  encode(message: never): { finish(): Uint8Array }
}

/** A service as ts-proto defines it. */
export interface ProbedService {
  readonly fullName: string
  readonly methods: Readonly<Record<string, { readonly requestType: Message; readonly responseType: Message }>>
}

type Requests<Service extends ProbedService> = { readonly [Method in keyof Service['methods']]: object }

/** A company of a test with one of everything that the service's requests name. */
export interface ProbedCompany<Service extends ProbedService> {
  readonly companyId: CompanyId
  /** A request of each method that names only what is this company's. */
  readonly requests: Requests<Service>
}

/** What is asked for whom. */
export interface ProbeOptions<Service extends ProbedService> {
  readonly service: Service
  /** The service's client with a token for these companies. */
  readonly client: (companies: readonly CompanyId[] | 'all') => object
  readonly mine: ProbedCompany<Service>
  readonly theirs: ProbedCompany<Service>
  /** Fields (`method.field`) by which the platform, and it alone, may name what is no company's yet, or what only one company may have. */
  readonly ofThePlatform?: ReadonlySet<string>
}

/** An answer, or the refusal, byte for byte. */
export interface ProbeAnswer {
  readonly code: string
  readonly bytes: string
}

/** One id field of one method, asked for what is another company's and for what does not exist. */
export interface IsolationProbe {
  readonly method: string
  /** Its path in the request; empty where the whole request is the other company's. */
  readonly field: string
  readonly caller: 'company' | 'platform'
  readonly foreign: ProbeAnswer
  readonly missing: ProbeAnswer
}

/**
 * Asks every method of a service for another company's things: one id field after the other, with a token for one company, and as the
 * platform in one company's name. Ids are all fields that end in `Id` or `Ids`, at any depth: each must be in the sample request, so that
 * none is left out.
 */
export async function probeIsolation<Service extends ProbedService>(options: ProbeOptions<Service>): Promise<IsolationProbe[]> {
  const { service, client, mine, theirs, ofThePlatform } = options
  const callers = { company: client([mine.companyId]), platform: client('all') }
  const probes: IsolationProbe[] = []
  for (const [method, { requestType, responseType }] of Object.entries(service.methods)) {
    const [own, other] = [mine.requests[method] ?? {}, theirs.requests[method] ?? {}]
    const unset = unsetIds(requestType.fromPartial(own), own)
    if (unset.length > 0) throw new Error(`${service.fullName}: the sample of ${method} does not set ${unset.join(', ')}`)
    const ask = (caller: keyof typeof callers, request: object) => answerOf(callers[caller], method, responseType, request)
    for (const path of idPaths(own)) {
      const field = path.join('.')
      // What both name is neither's, such as a plan.
      if (valueAt(other, path) === valueAt(own, path)) continue
      const [foreign, missing] = [replaced(own, path, valueAt(other, path)), replaced(own, path, unknownLike(valueAt(own, path)))]
      // One after the other: what one of them did would otherwise be taken for an answer to the other.
      probes.push({ method, field, caller: 'company', foreign: await ask('company', foreign), missing: await ask('company', missing) })
      // The platform may act for every company, and so names any: what it may not is reach one company's things in another's name.
      const isAnyones = !('companyId' in own) || valueAt(other, path) === theirs.companyId || ofThePlatform?.has(`${method}.${field}`)
      if (isAnyones) continue
      probes.push({ method, field, caller: 'platform', foreign: await ask('platform', foreign), missing: await ask('platform', missing) })
    }
    const nobodys = idPaths(other).reduce((request, path) => replaced(request, path, unknownLike(valueAt(other, path))), other)
    probes.push({ method, field: '', caller: 'company', foreign: await ask('company', other), missing: await ask('company', nobodys) })
  }
  return probes
}

/** What each method answers to the company's own request, in the order of the requests: a probe of what is never answered proves nothing. */
export async function answersToOwn<Service extends ProbedService>(
  { service, client }: Pick<ProbeOptions<Service>, 'service' | 'client'>,
  { requests }: ProbedCompany<Service>,
): Promise<Record<string, string>> {
  const platform = client('all')
  const codes: Record<string, string> = {}
  for (const [method, request] of Object.entries<object>(requests)) {
    const definition = service.methods[method]
    // The later ones may end what the earlier ones need.
    if (definition) codes[method] = (await answerOf(platform, method, definition.responseType, request)).code
  }
  return codes
}

async function answerOf(client: object, method: string, responseType: Message, request: object): Promise<ProbeAnswer> {
  const call = (client as Record<string, (request: object) => Promise<object>>)[method]
  if (!call) throw new Error(`the client has no method ${method}`)
  try {
    const bytes = responseType.encode((await call(request)) as never).finish()
    return { code: 'answered', bytes: Buffer.from(bytes).toString('latin1') }
  } catch (error) {
    if (!isFrontdeskError(error)) throw error
    return { code: error.code, bytes: error.publicMessage }
  }
}

function isIdName(name: string): boolean {
  return /(^id|Ids?)$/.test(name)
}

/** The id fields that the complete message has and the sample leaves out. */
function unsetIds(complete: object, sample: object): string[] {
  const given = new Map(Object.entries(sample))
  return Object.entries(complete).flatMap(([name, member]): string[] => {
    if (!given.has(name)) return isIdName(name) ? [name] : []
    const own: unknown = given.get(name)
    return isMessage(member) && isMessage(own) ? unsetIds(member, own).map((below) => `${name}.${below}`) : []
  })
}

function isMessage(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Date) && !Array.isArray(value)
}

function idPaths(value: object, path: readonly string[] = []): string[][] {
  return Object.entries(value).flatMap(([name, member]): string[][] => {
    // One of several has its name beside it, and each of a list the list's.
    const named = Array.isArray(value) ? (path.at(-1) ?? '') : name === 'value' && '$case' in value ? String(value.$case) : name
    if (typeof member === 'string') return isIdName(named) ? [[...path, name]] : []
    return typeof member === 'object' && member !== null && !(member instanceof Date) ? idPaths(member as object, [...path, name]) : []
  })
}

function valueAt(request: object, [name = '', ...rest]: readonly string[]): string {
  const member = (request as Record<string, unknown>)[name]
  return rest.length > 0 ? valueAt(member as object, rest) : String(member)
}

function replaced(request: object, [name = '', ...rest]: readonly string[], value: string): object {
  const member = (request as Record<string, unknown>)[name]
  const changed = rest.length > 0 ? replaced(member as object, rest, value) : value
  if (Array.isArray(request)) return request.map((each: unknown, index) => (String(index) === name ? changed : each))
  return { ...request, [name]: changed }
}

/** An id of the same form that nobody has. */
export function unknownLike(id: string): string {
  if (id.includes('@')) return `${randomBytes(4).toString('hex')}-${id}`
  const [, prefix] = /^([a-z]+)_[0-9a-z]{26}$/.exec(id) ?? []
  if (prefix !== undefined) return newId(prefix)
  if (/^[0-9a-f]{64}$/.test(id)) return randomBytes(32).toString('hex')
  return /^\d+$/.test(id) ? String(randomBytes(6).readUIntBE(0, 6)) : `${id}-${randomBytes(4).toString('hex')}`
}
