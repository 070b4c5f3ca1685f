import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

/** Whom the attackers' thread attacks, and with how much. */
export interface Attack {
  readonly port: number
  readonly host: string
  readonly slowSockets: number
  readonly oversizedAtOnce: number
}

/** What the attackers saw: how each slow sender was hung up on, and how each body without an end was answered. */
export interface AttackReport {
  readonly slow: readonly { readonly answer: string; readonly ms: number }[]
  readonly oversized: readonly Oversized[]
}

interface Oversized {
  readonly answer: string
  readonly bytes: number
}

const attack = workerData as Attack
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(await attackers())

async function attackers(): Promise<AttackReport> {
  const head = 'POST /v1/webhooks/retell HTTP/1.1\r\nhost: ingress\r\n'
  const slow = Array.from({ length: attack.slowSockets }, (_, index) =>
    dribble(index % 2 === 0 ? head : `${head}content-length: 5000\r\n\r\n{`),
  )
  let over = false
  const oversized = Array.from({ length: attack.oversizedAtOnce }, async () => {
    const answers: Oversized[] = []
    while (!over) answers.push(await sendOversized(`${head}transfer-encoding: chunked\r\n\r\n`))
    return answers
  })
  const closed = await Promise.all(slow)
  over = true
  return { slow: closed, oversized: (await Promise.all(oversized)).flat() }
}

/** Sends the beginning, then a byte each half second, until it is hung up on. */
async function dribble(beginning: string): Promise<{ answer: string; ms: number }> {
  const socket = connect(attack)
  socket.on('error', () => undefined)
  const startedAt = performance.now()
  let answer = ''
  socket.on('data', (data) => (answer += String(data)))
  socket.write(beginning)
  const dribbling = setInterval(() => socket.writable && socket.write('x'), 500)
  await new Promise((resolve) => socket.on('close', resolve))
  clearInterval(dribbling)
  return { answer, ms: performance.now() - startedAt }
}

/** Sends a chunked body that does not end, as fast as it is taken, until it is hung up on. */
async function sendOversized(head: string): Promise<Oversized> {
  const socket = connect({ ...attack, allowHalfOpen: true })
  socket.on('error', () => undefined)
  let answer = ''
  socket.on('data', (data) => (answer += String(data)))
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
  // One chunk after the other: what is measured is the ingress, not a loop of this thread that never ends.
  const send = () => void (socket.writable && socket.write(chunk, send))
  socket.write(head)
  send()
  await new Promise((resolve) => socket.on('close', resolve))
  await wait(200)
  return { answer, bytes: socket.bytesWritten }
}
