import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { ProviderError } from '../shared/provider.ts'
import type { Cause, Change } from './change.ts'
import { expanded } from './expand.ts'
import { fingerprintOf, keptAnswer } from './idempotency.ts'
import { decodeForm, readJson, readParameters, text } from './parameters.ts'
import type { StripeState } from './state.ts'

/** A call as a route gets it: its path's parts, its parameters, and the change that it may make. */
export interface Call<P> {
  readonly path: Readonly<Record<string, string>>
  readonly parameters: P
  readonly change: Change
}

/** What the routes are registered with. */
export interface StripeRoutes {
  /** Answers the object; `expand` and idempotency keys are taken care of. */
  readonly add: <S extends z.ZodRawShape>(
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    parameters: S,
    handle: (call: Call<z.output<z.ZodObject<S>>>) => object,
  ) => void
  /** Answers a POST of JSON, again for each time that it comes: what v2 keeps from being done twice has an identifier. */
  readonly addV2: <S extends z.ZodRawShape>(
    url: string,
    fields: S,
    handle: (call: Omit<Call<z.output<z.ZodObject<S>>>, 'path'>) => object,
  ) => void
  readonly state: StripeState
}

const expanding = z.strictObject({ expand: z.array(text()).default([]) })

export function createStripeRoutes(server: FastifyInstance, state: StripeState, changes: (cause: Cause) => Change): StripeRoutes {
  return {
    state,
    add(method, url, shape, handle) {
      const schema = z.strictObject(shape)
      server.route({
        method,
        url,
        handler: (request, reply) => {
          const sent = decodeForm(method === 'GET' ? queryOf(request) : bodyOf(request) || queryOf(request))
          const { expand: paths, ...rest } = sent
          const { expand } = readParameters(expanding, paths === undefined ? {} : { expand: paths })
          const parameters = readParameters(schema, rest)
          const key = idempotencyKeyOf(request)
          const answer = () => {
            const change = changes({ requestId: request.id, idempotencyKey: key ?? null })
            const object = handle({
              path: request.params as Record<string, string>,
              parameters,
              change,
            })
            return expanded(state, object, expand)
          }
          if (key === undefined || method === 'GET') return reply.send(answer())
          return answerOnce(state, key, fingerprintOf(method, request.url, sent), reply, answer)
        },
      })
    },
    addV2(url, shape, handle) {
      const schema = z.strictObject(shape)
      server.post(url, (request) =>
        handle({
          parameters: readJson(schema, bodyOf(request)),
          change: changes({ requestId: request.id, idempotencyKey: idempotencyKeyOf(request) ?? null }),
        }),
      )
    },
  }
}

/** The first answer to a key is the answer, a refusal too. */
function answerOnce(state: StripeState, key: string, request: string, reply: FastifyReply, answer: () => object): FastifyReply {
  const kept = keptAnswer(state, key, request)
  if (kept) return reply.code(kept.status).header('idempotent-replayed', 'true').send(kept.body)
  try {
    const body = answer()
    state.answers.set(key, { request, status: 200, body })
    return reply.send(body)
  } catch (error) {
    if (error instanceof ProviderError) state.answers.set(key, { request, status: error.status, body: error.body })
    throw error
  }
}

function idempotencyKeyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key']
  return typeof key === 'string' && key !== '' ? key : undefined
}

const queryOf = ({ url }: FastifyRequest): string => url.split('?', 2)[1] ?? ''
const bodyOf = ({ body }: FastifyRequest): string => (Buffer.isBuffer(body) ? body.toString() : '')
