import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { findDevFile } from '../dev-file.ts'
import { checkBroker } from '../doctor/broker.ts'
import { checkProviders } from '../doctor/providers.ts'
import { ok, warn, type Finding } from '../doctor/finding.ts'
import { checkServices } from '../doctor/services.ts'
import { CommandError } from '../errors.ts'
import { json, printable } from '../format.ts'
import { natsArg } from '../nats.ts'

/** Says what is wrong, and what to do. */
export function doctor(context: CliContext): Leaf {
  return leaf(
    'Look at everything that can be wrong, and say what to do; exit code 1 if anything failed.',
    {
      ...natsArg,
      ingress: { type: 'string', description: 'URL of the webhook-ingress', valueHint: 'https://…' },
      token: { type: 'string', description: 'Caller token; better in FRONTDESK_TOKEN, since flags are visible to other users' },
      json: { type: 'boolean', description: 'Print JSON' },
    },
    async ({ args }) => {
      const found = await Promise.all([
        settings(context),
        checkBroker(context, args.nats),
        checkServices(context, args),
        checkProviders(context),
      ])
      const findings = found.flat()
      if (args.json) context.out(json({ findings }))
      else for (const finding of findings) context.out(line(finding))
      const failed = findings.filter(({ status }) => status === 'fail').length
      if (failed > 0) throw new CommandError(`${failed} of ${findings.length} checks failed.`)
    },
  )
}

async function settings(context: CliContext): Promise<Finding[]> {
  const dev = await findDevFile(context.cwd)
  if (dev) return [ok('settings', dev.path)]
  return [warn('settings', 'there is no .frontdesk/dev.json here or above', 'Set addresses in the environment, or run ./scripts/dev')]
}

function line({ status, check, detail, fix }: Finding): string {
  const said = `${status.padEnd(4)}  ${check.padEnd(36)}  ${detail.replaceAll(/\s+/g, ' ')}`
  return printable(fix === undefined ? said : `${said}\n      → ${fix}`)
}
