/** What the client wants of `nats://user:password@host:port,…`, whose user and password it doesn't read itself. */
export function parseServers(servers: string): { servers: string[]; user?: string; pass?: string } {
  const urls = servers
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => new URL(text.includes('://') ? text : `nats://${text}`))
  if (urls.length === 0) throw new TypeError('no servers given')
  const withUser = urls.find((url) => url.username !== '')
  return {
    servers: urls.map((url) => `${url.protocol}//${url.host}`),
    ...(withUser && { user: decodeURIComponent(withUser.username), pass: decodeURIComponent(withUser.password) }),
  }
}
