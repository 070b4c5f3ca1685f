import type { Database } from '@frontdesk/database'
import type { Logger } from '@frontdesk/telemetry'
import { eq } from 'drizzle-orm'
import type { Model } from '../domain/model.ts'
import { parseModel } from './model-json.ts'
import { models } from './schema/models.ts'

/** The model that decides. */
export interface ModelInForce {
  /** By the version that the directory's state names, null for the shipped one; read once, since a version's numbers never change. */
  ofVersion(orm: Pick<Database['orm'], 'select'>, version: string | null): Promise<Model>
}

/** Makes it; where this release can't read a model that is in force, the shipped one decides, under its own name, and the log says so. */
export function createModelInForce(shipped: Model, logger: Pick<Logger, 'error'>): ModelInForce {
  let last = shipped
  /** Under which version that was asked for. */
  let lastVersion = shipped.version
  return {
    async ofVersion(orm, version) {
      if (version === null || version === shipped.version) return shipped
      if (version === lastVersion) return last
      const [row] = await modelOf(orm, version)
      ;[lastVersion, last] = [version, readable(version, row?.parameters) ?? shipped]
      return last
    },
  }

  function readable(version: string, parameters: unknown): Model | undefined {
    try {
      return parseModel(version, parameters)
    } catch (err) {
      logger.error({ err, version }, `the model in force can’t be read; ${shipped.version} decides until another is activated`)
      return undefined
    }
  }
}

export function modelOf(orm: Pick<Database['orm'], 'select'>, version: string) {
  return orm.select({ parameters: models.parameters }).from(models).where(eq(models.version, version))
}
