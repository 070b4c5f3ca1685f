import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { productionSettings } from './mysql-settings.ts'

test('the benches’ servers have the settings that production is given', () => {
  const file = readFileSync(new URL('../../../infra/mysql/frontdesk.cnf', import.meta.url), 'utf8')
  const given = new Map([...file.matchAll(/^(\w+) = (\S+)$/gm)].map(([, name = '', value = '']) => [name, value]))
  const ours = productionSettings.map((setting) => /^--([\w-]+)=(\S+)$/.exec(setting)?.slice(1) ?? [])
  expect(ours.map(([name = '']) => [name, given.get(name.replaceAll('-', '_'))])).toEqual(ours)
})
