import type { Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { refused } from './events-refused.ts'
import { replay } from './events-replay.ts'
import { reprocess } from './events-reprocess.ts'
import { search } from './events-search.ts'
import { show } from './events-show.ts'

/** The ingress ledger: what came in, what became of it. */
export function events(context: CliContext): Group {
  return {
    description: 'The events that the webhook-ingress accepted.',
    commands: {
      show: show(context),
      search: search(context),
      refused: refused(context),
      replay: replay(context),
      reprocess: reprocess(context),
    },
  }
}
