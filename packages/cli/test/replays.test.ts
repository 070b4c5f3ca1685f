import { Company, Replay, ReplayState } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { acme, eventId, at } from './fixtures.ts'
import { operatorForEachTest } from './operator.ts'
import { startStack } from './stack.ts'
import { run } from './terminal.ts'

const operator = operatorForEachTest()

const replayId = 'rpl_01jd00000000000000000000t0'
const replayAt = (state: ReplayState, published: bigint) =>
  Replay.fromPartial({ replayId, state, matched: 3n, published, eventsPerSecond: 200, caller: 'operator', actor: 'usr_1', createdAt: at })

test('events replay says how many events it would be and starts nothing, or starts it and tells of its progress', async () => {
  const asked: unknown[] = []
  const looks = [replayAt(ReplayState.RUNNING, 1n), replayAt(ReplayState.DONE, 3n)]
  const cli = await operator({
    replay: {
      startReplay: (request) => {
        asked.push(request)
        return Promise.resolve({ matched: 3n, ...(request.dryRun ? {} : { replay: replayAt(ReplayState.WAITING, 0n) }) })
      },
      getReplay: () => Promise.resolve({ replay: looks.shift() }),
    },
  })
  const dry = await cli('events', 'replay', '--provider', 'retell', '--type', 'call.ended', '--since', '1h', '--dry-run')
  expect(dry).toEqual({ code: 0, out: 'It would send 3 events again.', err: '' })
  const real = await cli('events', 'replay', eventId, 'cd'.repeat(32), '--rate', '50')
  expect(real.code).toBe(0)
  expect(real.err.split('\n')).toEqual([`Replay ${replayId}: 3 events.`, '1 of 3 sent', '3 of 3 sent'])
  expect(real.out).toContain('State     done\nSent      3 of 3, at most 200 a second')
  expect(asked).toMatchObject([
    {
      selection: {
        eventIds: [],
        provider: 'retell',
        eventTypes: ['frontdesk.call.ended.v1'],
        receivedFrom: new Date('2026-11-22T09:00:00Z'),
      },
      eventsPerSecond: 200,
      dryRun: true,
    },
    { selection: { eventIds: [eventId, 'cd'.repeat(32)] }, eventsPerSecond: 50, dryRun: false },
  ])
})

test('Ctrl-C ends the command and not the replay, and says so', async () => {
  await using started = await startStack({
    replay: {
      startReplay: () => Promise.resolve({ matched: 3n, replay: replayAt(ReplayState.WAITING, 0n) }),
      getReplay: () => Promise.resolve({ replay: replayAt(ReplayState.RUNNING, 1n) }),
    },
  })
  const interrupted = () => {
    const interruption = new AbortController()
    setImmediate(() => interruption.abort())
    return interruption.signal
  }
  const { code, err } = await run(['events', 'replay', eventId], { cwd: started.directory, interrupted })
  expect(code).toBe(0)
  expect(err).toContain(`The replay goes on without this command. \`frontdesk replays show ${replayId}\``)
})

test('replays are listed, shown and cancelled with who asked for them', async () => {
  const cancelled = replayAt(ReplayState.CANCELLED, 2n)
  const cli = await operator({
    replay: {
      listReplays: () => Promise.resolve({ replays: [replayAt(ReplayState.RUNNING, 1n)] }),
      getReplay: () => Promise.resolve({ replay: replayAt(ReplayState.RUNNING, 1n) }),
      cancelReplay: () => Promise.resolve({ replay: cancelled }),
    },
  })
  expect((await cli('replays', 'list')).out).toContain(`${replayId}  running  1     3   usr_1 by operator`)
  expect((await cli('replays', 'show', replayId)).out).toContain('State     running')
  expect(JSON.parse((await cli('replays', 'cancel', replayId, '--json')).out)).toEqual({ replay: Replay.toJSON(cancelled) })
})

test('a count that took too long says that there are more', async () => {
  const cli = await operator({ replay: { startReplay: () => Promise.resolve({ matched: 3n, matchedMore: true }) } })
  expect((await cli('events', 'replay', '--since', '1h', '--dry-run')).out).toBe('It would send at least 3 events again.')
})

test('a replay that outlasts its token is followed to its end with another one', async () => {
  const looks = [replayAt(ReplayState.RUNNING, 1n), undefined, replayAt(ReplayState.DONE, 3n)]
  const cli = await operator({
    replay: {
      startReplay: () => Promise.resolve({ matched: 3n, replay: replayAt(ReplayState.WAITING, 0n) }),
      getReplay: () => {
        const replay = looks.shift()
        if (!replay) throw new FrontdeskError('token_expired', { publicMessage: 'The token has expired.' })
        return Promise.resolve({ replay })
      },
    },
  })
  const { code, err } = await cli('events', 'replay', eventId)
  expect(code).toBe(0)
  expect(err.split('\n')).toEqual([`Replay ${replayId}: 3 events.`, '1 of 3 sent', '3 of 3 sent'])
})

test('whoever can not follow a replay any more is told that it goes on', async () => {
  let looks = 0
  const cli = await operator({
    replay: {
      startReplay: () => Promise.resolve({ matched: 3n, replay: replayAt(ReplayState.WAITING, 0n) }),
      getReplay: () => {
        looks += 1
        if (looks > 1) throw new FrontdeskError('token_expired', { publicMessage: 'The token has expired.' })
        return Promise.resolve({ replay: replayAt(ReplayState.RUNNING, 1n) })
      },
    },
  })
  const { code, err } = await cli('events', 'replay', eventId)
  expect(code).toBe(1)
  expect(err).toContain('The replay goes on without this command.')
  expect(err).toContain('[token_expired]')
  expect(looks).toBe(3)
})

test('a company is chosen by its id or by the beginning of its name', async () => {
  const asked: unknown[] = []
  const cli = await operator({
    companies: { listCompanies: () => Promise.resolve({ companies: [Company.fromPartial({ companyId: acme, name: 'Acme Salon' })] }) },
    replay: {
      startReplay: ({ selection }) => {
        asked.push(selection?.companyId)
        return Promise.resolve({ matched: 3n })
      },
    },
  })
  for (const company of ['acme', acme]) {
    const { code, out } = await cli('events', 'replay', '--company', company, '--since', '1h', '--dry-run')
    expect([code, out]).toEqual([0, 'It would send 3 events again.'])
  }
  expect(asked).toEqual([acme, acme])
  expect(await cli('events', 'replay', '--company', 'nobody', '--since', '1h')).toMatchObject({ code: 1 })
  expect(await cli('events', 'replay', eventId, '--company', acme)).toMatchObject({ code: 2, err: expect.stringContaining('not both') })
})
