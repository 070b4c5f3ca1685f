import { drive } from './drive.ts'
import type { LoadPlan } from './plan.ts'

// A process of its own, so that the load takes nothing from whoever measures; one plan after the other.
process.on('message', (plan) => {
  void drive(plan as LoadPlan).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
