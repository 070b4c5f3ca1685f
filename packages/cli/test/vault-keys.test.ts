import { DataKeyState, KeyRotation, RotationTarget } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { at } from './fixtures.ts'
import { operatorForEachTest } from './operator.ts'

const operator = operatorForEachTest()
const begun = KeyRotation.fromPartial({
  rotationId: 'rot_01jd00000000000000000000r0',
  target: RotationTarget.DATA_KEYS,
  startedBy: 'usr_1',
  startedAt: at,
  companiesDone: 50,
  companiesTotal: 120,
  dataKeysMade: 50,
  secretsResealed: 400,
})
const done = { ...begun, companiesDone: 120, secretsResealed: 900, finishedAt: at }

test('keys rotate asks until the rotation has finished, tells of its progress, and goes on with the one that it was answered with', async () => {
  const asked: { rotationId: string; target: string; companyId: string }[] = []
  const answers = [begun, { ...begun, companiesDone: 100 }, done]
  const cli = await operator({
    vault: {
      rotateKeys: (request) => {
        asked.push(request)
        return Promise.resolve({ rotation: answers.shift() })
      },
    },
  })
  const { code, out, err } = await cli('keys', 'rotate', '--all')
  expect(code).toBe(0)
  expect(err.split('\n')).toEqual(['50 of 120 companies, 400 secrets sealed again', '100 of 120 companies, 400 secrets sealed again'])
  expect(out).toContain('Secrets sealed again     900')
  expect(asked[0]?.rotationId).toMatch(/^rot_/)
  expect(asked.slice(1).map(({ rotationId }) => rotationId)).toEqual([begun.rotationId, begun.rotationId])
  expect(asked.map(({ target, companyId }) => [target, companyId])).toEqual([1, 2, 3].map(() => [RotationTarget.DATA_KEYS, '']))

  answers.push(done, done)
  await cli('keys', 'rotate', '--kek')
  expect(JSON.parse((await cli('keys', 'rotate', '--company', 'cmp_1', '--json')).out)).toMatchObject({
    rotation: { secretsResealed: 900 },
  })
  expect(asked.slice(3)).toMatchObject([
    { target: RotationTarget.KEY_ENCRYPTION_KEY, companyId: '' },
    { target: RotationTarget.DATA_KEYS, companyId: 'cmp_1' },
  ])
})

test('what can’t be opened, and a rotation that breaks off, end in exit code 1 and say what to do', async () => {
  const cli = await operator({
    vault: {
      rotateKeys: ({ companyId }) => {
        if (companyId === '') return Promise.resolve({ rotation: { ...done, failures: 2 } })
        throw new FrontdeskError('unavailable', { publicMessage: 'Not now.' })
      },
    },
  })
  const failed = await cli('keys', 'rotate', '--all')
  expect([failed.code, failed.err]).toEqual([1, expect.stringContaining('2 keys or secrets can’t be opened')])
  expect(failed.out).toContain('Failures')
  const broken = await cli('keys', 'rotate', '--company', 'cmp_1')
  expect([broken.code, broken.err]).toEqual([1, expect.stringContaining('The same command goes on')])
})

test('keys status shows the keys by their state, and what is left on old ones', async () => {
  const cli = await operator({
    vault: {
      getKeyStatus: () =>
        Promise.resolve({
          currentKekId: '2026',
          dataKeys: [{ kekId: '2025', state: DataKeyState.RETIRED, count: 3 }],
          connectionsOnActiveKey: 40,
          connectionsOnOldKey: 2,
          rotations: [begun],
        }),
    },
  })
  const { out } = await cli('keys', 'status')
  expect(out).toMatch(/Key-encryption key +2026\n.*active key +40\n.*old key +2\n/)
  expect(out).toMatch(/2025 +retired +3/)
  expect(out).toMatch(/data keys +50 of 120 companies, 400 secrets sealed again +usr_1/)
  expect(JSON.parse((await cli('keys', 'status', '--json')).out)).toMatchObject({ currentKekId: '2026', connectionsOnOldKey: 2 })
})
