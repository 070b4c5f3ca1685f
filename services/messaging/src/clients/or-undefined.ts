import { isFrontdeskError } from '@frontdesk/errors'

/** The answer, or undefined where the other service has no such thing. */
export async function orUndefined<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isFrontdeskError(error, 'not_found')) return undefined
    throw error
  }
}
