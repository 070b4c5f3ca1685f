import { readFile, writeFile } from 'node:fs/promises'
import { permissionsConfig } from './permissions-config.ts'
import type { SubscriberUser } from './permissions-config.ts'

// Writes infra/nats/permissions.conf in the folder in which it runs.
const subscribers = JSON.parse(await readFile('infra/nats/subscribers.json', 'utf8')) as SubscriberUser[]
await writeFile('infra/nats/permissions.conf', permissionsConfig(subscribers))
