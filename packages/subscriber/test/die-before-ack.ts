import { mysqlInbox } from '@frontdesk/subscriber'
import { createPool } from 'mysql2/promise'
import { startExample } from '../example/appointments.ts'

// The example, which dies by SIGKILL after the commit of its first batch and before any ack of it.
const { NATS_URL = '', MYSQL_URL = '', COMPANY = '' } = process.env
const pool = createPool({ uri: MYSQL_URL })
const inbox = mysqlInbox(pool)
await startExample({
  natsUrl: NATS_URL,
  company: COMPANY,
  pool,
  store: {
    ...inbox,
    async once(name, events, effect) {
      await inbox.once(name, events, effect)
      process.kill(process.pid, 'SIGKILL')
    },
  },
})
