import { UsageError } from '../errors.ts'

/** Where events may be sent. @throws UsageError if it is no http URL, or is on another machine and that was not allowed. */
export function targetUrl(given: string, allowRemote: boolean): URL {
  const url = URL.parse(given)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new UsageError(`--forward-to takes an http or https URL, not "${given}".`)
  }
  if (url.username !== '' || url.password !== '') throw new UsageError('--forward-to takes no user or password.')
  if (!allowRemote && !isLocal(url.hostname)) {
    throw new UsageError(`${url.host} is another machine, and events hold personal data: pass --allow-remote if they may go there.`)
  }
  return url
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
