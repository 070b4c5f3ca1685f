import { expect, test } from 'vitest'
import { startStack } from './stack.ts'
import { run } from './terminal.ts'

test('connections rotate asks for the secret, and revokes the old one only on request', async () => {
  const asked: unknown[] = []
  await using stack = await startStack({
    companies: {
      rotateConnectionSecret: ({ companyId, connectionId, secret, revokePrevious }) => {
        asked.push({ companyId, connectionId, secret, revokePrevious })
        return Promise.resolve({ connection: { connectionId, companyId, provider: 'calcom', secretVersion: 2 } })
      },
    },
  })
  const rotate = (...more: string[]) =>
    run(['connections', 'rotate', 'con_1', '--company', 'cmp_1', ...more], {
      cwd: stack.directory,
      ask: async (_question, options) => (options?.hidden ? 'typed by hand' : ''),
    })
  expect(await rotate()).toMatchObject({ code: 0, out: expect.stringMatching(/con_1\n.*cmp_1\n.*calcom\n.*2$/) as string })
  expect(JSON.parse((await rotate('--revoke-previous', '--json')).out)).toMatchObject({ connection: { secretVersion: 2 } })
  const request = { companyId: 'cmp_1', connectionId: 'con_1', secret: 'typed by hand' }
  expect(asked).toEqual([
    { ...request, revokePrevious: false },
    { ...request, revokePrevious: true },
  ])
})
