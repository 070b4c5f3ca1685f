import { type DataKeyState, GetKeyStatusResponse, KeyRotation, newId, RotationTarget, VaultServiceDefinition } from '@frontdesk/contracts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { enumName, fields, instant, json, table } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'

/** Replaces the keys that companies' secrets are sealed under. */
export function rotateKeys(context: CliContext): Leaf {
  return leaf(
    'Replace keys of the vault while everything runs: a rotation that broke off goes on when it is asked for again.',
    {
      kek: { type: 'boolean', description: 'Wrap every data key by the first key of the key ring' },
      company: { type: 'string', description: 'Give one company a new data key, and seal its secrets again', valueHint: 'cmp_…' },
      all: { type: 'boolean', description: 'Give every company a new data key' },
      ...rpcArgs,
    },
    async ({ args }) => {
      const { company, json: asJson } = args
      const ways = [args.kek === true, company !== undefined, args.all === true].filter(Boolean)
      if (ways.length !== 1) throw new UsageError('Which keys? One of --kek, --company and --all.')
      const target = args.kek ? RotationTarget.KEY_ENCRYPTION_KEY : RotationTarget.DATA_KEYS
      const rotation = await withService(
        context,
        'company-resolver',
        VaultServiceDefinition,
        args,
        async (vault) => {
          let asked = newId('rot') as string
          for (;;) {
            const { rotation: now } = await vault.rotateKeys({ rotationId: asked, target, companyId: company ?? '' })
            if (!now) throw new CommandError('The company-resolver answered without a rotation.')
            if (now.finishedAt) return now
            context.err(progress(now))
            // It may be one that somebody else has begun.
            asked = now.rotationId
          }
        },
        ['rotateKeys'],
      ).catch((error: unknown) => {
        context.err('The same command goes on with what it has begun.')
        throw error
      })
      context.out(asJson ? json({ rotation: KeyRotation.toJSON(rotation) }) : describe(rotation))
      if (rotation.failures > 0) {
        throw new CommandError(
          `${rotation.failures} keys or secrets can’t be opened, and are as they were: the company-resolver’s log names them.`,
        )
      }
    },
  )
}

/** Which keys there are, and what is sealed under them. */
export function keyStatus(context: CliContext): Leaf {
  return leaf('Show how many data keys there are, what is sealed under them, and the last rotations.', rpcArgs, async ({ args }) => {
    const status = await withService(context, 'company-resolver', VaultServiceDefinition, args, (vault) => vault.getKeyStatus({}), [
      'getKeyStatus',
    ])
    if (args.json) return context.out(json(GetKeyStatusResponse.toJSON(GetKeyStatusResponse.fromPartial(status))))
    context.out(
      fields({
        'Key-encryption key': status.currentKekId,
        'Connections on the active key': String(status.connectionsOnActiveKey),
        'Connections on an old key': String(status.connectionsOnOldKey),
      }),
    )
    const keys = status.dataKeys.map(({ kekId, state, count }) => [kekId, stateName(state), String(count)])
    context.out(keys.length === 0 ? 'No data keys.' : table(['WRAPPED BY', 'STATE', 'DATA KEYS'], keys))
    const rows = status.rotations.map((each) => [
      instant(each.startedAt),
      each.rotationId,
      targetName(each),
      each.finishedAt ? 'done' : progress(each),
      each.startedBy,
    ])
    if (rows.length > 0) context.out(table(['BEGAN', 'ROTATION', 'OF', 'STATE', 'BY'], rows))
  })
}

function progress({ companiesDone, companiesTotal, secretsResealed, dataKeysRewrapped, target }: KeyRotation): string {
  const what = target === RotationTarget.KEY_ENCRYPTION_KEY ? `${dataKeysRewrapped} keys wrapped` : `${secretsResealed} secrets sealed`
  return `${companiesDone} of ${companiesTotal} companies, ${what} again`
}

function describe(rotation: KeyRotation): string {
  return fields({
    Rotation: rotation.rotationId,
    Of: targetName(rotation),
    Companies: `${rotation.companiesDone} of ${rotation.companiesTotal}`,
    'Data keys made': String(rotation.dataKeysMade),
    'Data keys wrapped again': String(rotation.dataKeysRewrapped),
    'Secrets sealed again': String(rotation.secretsResealed),
    Failures: rotation.failures === 0 ? undefined : String(rotation.failures),
    Began: instant(rotation.startedAt),
    Ended: instant(rotation.finishedAt),
  })
}

function targetName({ target, companyId }: KeyRotation): string {
  const name = enumName(target, 'ROTATION_TARGET_')
  return companyId === '' ? name : `${name} of ${companyId}`
}

function stateName(state: DataKeyState): string {
  return enumName(state, 'DATA_KEY_STATE_')
}
