import { fail, ok, warn, type Finding } from './finding.ts'

const warnMs = 2_000
/** Signatures are good for five minutes; by half of that somebody should have looked. */
const failMs = 150_000

/** How far another clock is from ours, which was read before and after it; `grainMs` is how coarse it is. */
export function skewFinding(check: string, theirsMs: number, beforeMs: number, afterMs: number, grainMs: number): Finding {
  const offMs = theirsMs < beforeMs - grainMs ? theirsMs - beforeMs : theirsMs > afterMs ? theirsMs - afterMs : 0
  if (!Number.isFinite(offMs)) return warn(check, 'it tells no time', 'Is this Frontdesk?')
  const detail = `${offMs > 0 ? '+' : ''}${Math.round(offMs)} ms off this machine’s`
  const fix = 'Set both machines by NTP: webhooks more than 5 minutes off are refused'
  if (Math.abs(offMs) > failMs) return fail(check, detail, fix)
  return Math.abs(offMs) > warnMs ? warn(check, detail, fix) : ok(check, detail)
}
