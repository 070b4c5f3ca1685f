import { randomBytes, randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { formsOf, keyCanaries, textCanaries } from './canary.ts'
import { createSearch } from './search.ts'

const text = '+whsec/"Üb\\er=lang und geheim"'
const key = randomBytes(32)
const search = createSearch([...textCanaries('text', text), ...keyCanaries('key', key)].flatMap(formsOf))
const noise = () => randomBytes(randomInt(3_000))
const namesIn = (content: Buffer | string) => [...new Set(search(Buffer.from(content)).map(({ canary }) => canary))]

test.each<[writing: string, content: () => Buffer | string]>([
  ['as it is', () => text],
  ['in the middle of bytes', () => Buffer.concat([noise(), Buffer.from(text), noise()])],
  ['cut on both sides', () => Buffer.from(text).subarray(5, 5 + 24)],
  ['in hex', () => Buffer.from(text).toString('hex')],
  ['in base64 behind something', () => Buffer.concat([randomBytes(randomInt(9)), Buffer.from(text)]).toString('base64')],
  ['in base64url behind something', () => Buffer.from(`{"a":"${text}"}`).toString('base64url')],
  ['in a URL', () => `https://salon.example/?secret=${encodeURIComponent(text)}`],
  ['in JSON', () => JSON.stringify({ secret: text })],
  ['in JSON in JSON', () => JSON.stringify(JSON.stringify({ secret: text }))],
])('a secret is found %s, wherever it lies', (_, content) => {
  for (let round = 0; round < 50; round += 1) expect(namesIn(content())).toEqual(['text'])
})

test('a key is found as bytes, in hex and in base64', () => {
  for (const content of [key, Buffer.concat([noise(), key, noise()]), key.toString('hex'), key.toString('base64')])
    expect(namesIn(content)).toEqual(['key'])
})

test('nothing is found where nothing is', () => {
  for (let round = 0; round < 50; round += 1) expect(namesIn(noise())).toEqual([])
  expect(namesIn(Buffer.from(text).subarray(0, 10))).toEqual([])
})
