import ipaddr from 'ipaddr.js'

/** Whom an address stands for: an IPv4 address for itself, an IPv6 one for its /64, which a single host can go through at will. */
export function addressGroup(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown'
  // An IPv4 address that came in through an IPv6 socket is one.
  const parsed = ipaddr.process(address)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  return `${(parsed as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}
