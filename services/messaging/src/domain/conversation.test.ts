import { expect, test } from 'vitest'
import { afterInbound, mergeConversations, openConversation, takesText, textAllowedUntil } from './conversation.ts'

const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour))
const ada = { phoneNumber: '+4930123456', userId: '', name: 'Ada' }

test('the window opens with the customer’s message and closes 24 hours after the last', () => {
  const begun = openConversation('conv_1', '1', ada, at(0))
  expect(textAllowedUntil(begun)).toBeUndefined()
  const heard = afterInbound(afterInbound(begun, ada, at(2)), ada, at(1))
  expect(textAllowedUntil(heard)).toEqual(at(26))
  expect([takesText(begun, at(0)), takesText(heard, at(25)), takesText(heard, at(26))]).toEqual([false, true, false])
})

test('an older message only fills what is empty', () => {
  const heard = afterInbound(openConversation('conv_1', '1', ada, at(0)), ada, at(2))
  expect(afterInbound(heard, { phoneNumber: '', userId: 'DE.1', name: 'A.' }, at(1)).customer).toEqual({ ...ada, userId: 'DE.1' })
  expect(afterInbound(heard, { phoneNumber: '', userId: '', name: 'Ada L.' }, at(3)).customer.name).toBe('Ada L.')
})

test('of two that turn out to be one the older stays, with all that is known', () => {
  const older = openConversation('conv_1', '1', ada, at(0))
  const newer = afterInbound(
    openConversation('conv_2', '1', { phoneNumber: '', userId: 'DE.1', name: '' }, at(1)),
    { ...ada, userId: 'DE.1' },
    at(3),
  )
  for (const { kept, absorbed } of [mergeConversations(older, newer), mergeConversations(newer, older)]) {
    expect(absorbed.id).toBe('conv_2')
    expect(kept).toMatchObject({ id: 'conv_1', customer: { ...ada, userId: 'DE.1' }, lastMessageAt: at(3), lastInboundAt: at(3) })
  }
})
