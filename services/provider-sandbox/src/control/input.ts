import { FrontdeskError } from '@frontdesk/errors'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'

/** The body as JSON of that shape; no body is an empty object. @throws FrontdeskError */
export function jsonBody<S extends z.ZodType>({ body }: FastifyRequest, schema: S): z.output<S> {
  const text = Buffer.isBuffer(body) ? body.toString() : ''
  return parsed(schema, text.trim() === '' ? {} : jsonOf(text))
}

/** The query of that shape. @throws FrontdeskError */
export function queryOf<S extends z.ZodType>({ query }: FastifyRequest, schema: S): z.output<S> {
  return parsed(schema, query)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new FrontdeskError('malformed_json', { publicMessage: 'The body is no JSON.', cause })
  }
}

function parsed<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  throw new FrontdeskError('invalid_argument', { publicMessage: z.prettifyError(result.error) })
}
