import type { FastifyInstance } from 'fastify'

/** Which methods a path has a route for; fastify's router can say so only for a route's pattern, not for a path. */
export function trackMethods(app: FastifyInstance): (path: string) => string[] {
  const routes: { pattern: RegExp; methods: string[] }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ pattern: patternOf(url), methods: [method].flat() })
  })
  return (path) => {
    const methods = routes.filter(({ pattern }) => pattern.test(path)).flatMap((route) => route.methods)
    return [...new Set(methods)].toSorted()
  }
}

/** Of our own routes' form: literal segments, `:name` for a whole one, `*` at the end. */
function patternOf(url: string): RegExp {
  const segments = url.split('/').map((segment) => {
    if (segment.startsWith(':')) return '[^/]+'
    return segment === '*' ? '.*' : segment.replace(/\W/g, String.raw`\$&`)
  })
  return new RegExp(`^${segments.join('/')}$`)
}
