/** What the domain's statuses are called on the wire. */
export const statusNames = {
  received: 'MESSAGE_STATUS_RECEIVED',
  queued: 'MESSAGE_STATUS_QUEUED',
  sending: 'MESSAGE_STATUS_SENDING',
  sent: 'MESSAGE_STATUS_SENT',
  delivered: 'MESSAGE_STATUS_DELIVERED',
  read: 'MESSAGE_STATUS_READ',
  failed: 'MESSAGE_STATUS_FAILED',
  unconfirmed: 'MESSAGE_STATUS_UNCONFIRMED',
} as const

/** What the domain's directions are called on the wire. */
export const directionNames = { inbound: 'MESSAGE_DIRECTION_INBOUND', outbound: 'MESSAGE_DIRECTION_OUTBOUND' } as const
