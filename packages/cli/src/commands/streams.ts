import { applyStreams, checkTopology, type Difference } from '@frontdesk/bus'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError } from '../errors.ts'
import { json } from '../format.ts'
import { natsArg, withBus } from '../nats.ts'
import { busServiceNames } from '../targets.ts'

const brokerArgs = {
  ...natsArg,
  json: { type: 'boolean', description: 'Print JSON' },
} as const

/** Makes the broker's streams and durables, or checks them. */
export function streams(context: CliContext): Group {
  return {
    description: 'The streams and durables of the broker.',
    commands: {
      apply: leaf(
        'Create or change the streams and durables as the contracts say; twice is once.',
        { 'dry-run': { type: 'boolean', description: 'Only say what would change' }, ...brokerArgs },
        async ({ args }) => {
          const dryRun = args['dry-run'] ?? false
          const changes = await withBus(context, args.nats, (bus) => applyStreams(bus, { dryRun }))
          if (args.json) context.out(json({ dryRun, changes }))
          else if (changes.length === 0) context.out('Nothing to change.')
          else for (const change of changes) context.out(`${change.kind.padEnd(12)}  ${change.resource.padEnd(7)}  ${describe(change)}`)
          const stuck = changes.filter(({ kind }) => kind === 'incompatible')
          if (stuck.length === 0) return
          throw new CommandError(`The broker can not change ${names(stuck)} in place.`, {
            hint: 'Delete and apply again, once what they hold may go: the outboxes refill what is not yet handled.',
          })
        },
      ),
      check: leaf('Check that every service can work with what the broker has; changes nothing.', brokerArgs, async ({ args }) => {
        const found = await withBus(context, args.nats, async (bus) => {
          const byService = await Promise.all(busServiceNames.map((service) => checkTopology(bus, service)))
          return busServiceNames.flatMap((service, index) => (byService[index] ?? []).map((problem) => ({ service, ...problem })))
        })
        if (args.json) context.out(json({ incompatibilities: found }))
        else if (found.length === 0) context.out('Every service finds what it needs.')
        else
          for (const problem of found)
            context.out(`${problem.service.padEnd(16)}  ${problem.problem.padEnd(9)}  ${problem.resource.padEnd(7)}  ${describe(problem)}`)
        if (found.length === 0) return
        throw new CommandError(`The services can not work with ${names(found)}.`, { hint: 'Run `pnpm frontdesk streams apply`.' })
      }),
    },
  }
}

function names(resources: readonly { name: string }[]): string {
  return [...new Set(resources.map(({ name }) => name))].join(', ')
}

function describe({ name, differences }: { name: string; differences: readonly Difference[] }): string {
  if (differences.length === 0) return name
  return `${name}: ${differences.map(({ field, found, wanted }) => `${field} is ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`).join('; ')}`
}
