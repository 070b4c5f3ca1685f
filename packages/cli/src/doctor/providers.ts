import { liveSamples } from '@frontdesk/providers/samples'
import type { CliContext } from '../context.ts'
import { findDevFile } from '../dev-file.ts'
import { ok, warn, type Finding } from './finding.ts'

/** Whether each provider has a secret, as far as dev.json tells; of other stacks secrets are nobody's to read. */
export async function checkProviders(context: CliContext): Promise<Finding[]> {
  const dev = await findDevFile(context.cwd)
  if (!dev) return []
  return Object.entries(liveSamples).map(([provider, { secret }]) => {
    const check = `secret of ${provider}`
    if (secret === 'platform') {
      return dev.platformSecrets[provider] ? ok(check, 'one for all companies') : warn(check, 'there is none', 'Start ./scripts/dev again')
    }
    const without = dev.companies.filter((company) => !company.connection(provider)).map(({ name }) => name)
    return without.length === 0
      ? ok(check, 'one for each company’s connection')
      : warn(
          check,
          `${without.join(', ')} has no connection`,
          'Start ./scripts/dev again, or make one by CreateConnection of the directory',
        )
  })
}
