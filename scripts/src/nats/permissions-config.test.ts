import { createUser } from '@nats-io/nkeys'
import { expect, test } from 'vitest'
import { permissionsConfig } from './permissions-config.ts'

const company = 'cmp_01h455vb4pex5vsknk084sn02q'
const other = 'cmp_01h455vb4pex5vsknk084sn02r'
const newKey = () => createUser().getPublicKey()

test('two subscribers of one name are refused, whatever their companies: each would consume the other’s durables', () => {
  const users = [
    { name: 'acme', company, nkey: newKey() },
    { name: 'acme', company: other, nkey: newKey() },
  ]
  expect(() => permissionsConfig(users)).toThrow('acme is there twice')
})

test('two subscribers with one key are refused: the broker would take each for the other', () => {
  const nkey = newKey()
  const users = [
    { name: 'acme', company, nkey },
    { name: 'bolt', company: other, nkey },
  ]
  expect(() => permissionsConfig(users)).toThrow('the nkey of bolt is there twice')
})

test('a key that is none is refused', () => {
  expect(() => permissionsConfig([{ name: 'acme', company, nkey: 'SUAX' }])).toThrow('public key')
})
