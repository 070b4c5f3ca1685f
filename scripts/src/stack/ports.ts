import { createServer } from 'node:net'
import { freePort } from '@frontdesk/testing'
import { byService, type SandboxUrls, type ServiceName } from './manifest.ts'

/** Where each process of a stack listens on this machine. */
export interface Ports {
  /** The ingress, identity's JWKS, and messaging's MCP server. */
  readonly http: { readonly ingress: number; readonly jwks: number; readonly mcp: number }
  readonly admin: Readonly<Record<ServiceName, number>>
  readonly rpc: Readonly<Record<ServiceName, number>>
  readonly sandbox: {
    readonly stripe: number
    readonly whatsapp: number
    readonly calcom: number
    readonly control: number
    readonly admin: number
  }
}

/** Free ports for everything; the ingress takes the preferred one if that is free. */
export async function choosePorts(preferredIngressPort: number | undefined): Promise<Ports> {
  const free = await Promise.all(Array.from({ length: 32 }, () => freePort()))
  const next = () => {
    const port = free.pop()
    if (port === undefined) throw new Error('more ports are needed than were asked for')
    return port
  }
  const ingress = preferredIngressPort !== undefined && (await isFree(preferredIngressPort)) ? preferredIngressPort : next()
  return {
    http: { ingress, jwks: next(), mcp: next() },
    admin: byService(next),
    rpc: byService(next),
    sandbox: { stripe: next(), whatsapp: next(), calcom: next(), control: next(), admin: next() },
  }
}

export function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`
}

export function sandboxUrls({ sandbox }: Ports): SandboxUrls {
  return {
    stripeUrl: urlOf(sandbox.stripe),
    whatsappUrl: urlOf(sandbox.whatsapp),
    calcomUrl: urlOf(sandbox.calcom),
    controlUrl: urlOf(sandbox.control),
  }
}

export function jwksUrlOf({ http }: Ports): string {
  return `${urlOf(http.jwks)}/.well-known/jwks.json`
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
