import { serveBare } from './bare-server.ts'

// Nothing is kept: what HTTP, the signature and the parser leave of a process.
await serveBare(({ event, call }) => ({ accepted: event && call.call_id ? 1 : 0, duplicates: 0 }))
