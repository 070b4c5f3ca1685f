/** The first nats-server that has what the topology uses (`filter_subjects`, metadata). */
export const oldestServer = '2.10.0'

/** Whether a broker of this version can carry our streams; what is no version can't. */
export function isCompatibleServer(version: string): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)\./.exec(version) ?? []
  if (major === undefined || minor === undefined) return false
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 10)
}
