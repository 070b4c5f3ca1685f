import { notFound } from './find-company.ts'
import type { ModelStore } from './model-ports.ts'
import type { Sources } from './ports.ts'

/** Has a model decide from now on, by a person's choice; one that was chosen already goes on. */
export function activateModel({ models, now }: { models: Pick<ModelStore, 'find' | 'choose'> } & Pick<Sources, 'now'>) {
  return async ({ version, by }: { version: string; by: string }): Promise<{ alreadyInForce: boolean }> => {
    const known = await models.find([version])
    // What this release can't read would leave the decisions to the shipped one.
    if (!known.has(version)) return notFound('model')
    return { alreadyInForce: !(await models.choose(version, { by, at: now() })) }
  }
}

/** Lets automatic fits take over from the model that a person chose, which decides until then. */
export function releaseModel({ models, now }: { models: Pick<ModelStore, 'release'> } & Pick<Sources, 'now'>) {
  return async ({ by }: { by: string }): Promise<{ alreadyInForce: boolean }> => ({
    alreadyInForce: !(await models.release({ by, at: now() })),
  })
}
