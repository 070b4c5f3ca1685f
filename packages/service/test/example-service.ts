import { createServer } from 'node:http'
import { z } from 'zod'
import { integer, loadConfig, port, runService, secret } from '../src/index.ts'

const schema = z.object({
  HTTP_PORT: port(),
  API_KEY: secret(),
  POOL_SIZE: integer({ min: 1, max: 100 }).default(10),
  GREETING: z
    .string()
    .refine((text) => !text.includes('s3cret'), { error: (issue) => `must not be ${String(issue.input)}` })
    .optional(),
  BEHAVIOUR: z.string().default('serve'),
})

const say = (text: string) => process.stdout.write(`${text}\n`)

/** A process with each way to behave that the tests of `runService` want to see. */
await runService({
  name: 'example',
  graceMs: 400,
  loadConfig: (env) => loadConfig(schema, env),
  migrate: async ({ BEHAVIOUR }) => {
    if (BEHAVIOUR === 'fail') throw new Error('table exists')
    say('migrated')
  },
  start: async ({ BEHAVIOUR, HTTP_PORT }) => {
    if (BEHAVIOUR === 'fail') throw new Error('no database', { cause: new Error('ECONNREFUSED') })
    const server = createServer().listen(HTTP_PORT, '127.0.0.1')
    say('serving')
    if (BEHAVIOUR === 'throw') setImmediate(() => void JSON.parse('{'))
    if (BEHAVIOUR === 'reject') void Promise.reject(new Error('floating'))
    return {
      async [Symbol.asyncDispose]() {
        say('draining')
        if (BEHAVIOUR === 'hang') await new Promise(() => {})
        if (BEHAVIOUR === 'hang-on-nothing') {
          server.close()
          await new Promise(() => {})
        }
        if (BEHAVIOUR === 'fail-to-stop') throw new Error('outbox not flushed')
        await new Promise((resolve) => setTimeout(resolve, 100))
        if (BEHAVIOUR !== 'leak') server.close()
        say('drained')
      },
    }
  },
})
