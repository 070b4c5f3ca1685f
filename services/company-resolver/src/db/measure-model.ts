import type { Telemetry } from '@frontdesk/telemetry'
import type { ModelStore } from '../app/model-ports.ts'

/** What an operator has to see: that the shipped model decides in place of the one that was put in force. */
export function measureModel(models: Pick<ModelStore, 'inForce'>, { metrics }: Pick<Telemetry, 'metrics'>): void {
  metrics.gauge(
    'model_in_force_unreadable',
    'Whether this release can’t read the model in force, so that its own decides.',
    [],
    async (gauge) => {
      const { version, model } = await models.inForce()
      gauge.set(model.version === version ? 0 : 1)
    },
  )
}
