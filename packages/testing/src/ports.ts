import { createServer } from 'node:net'

// Below Linux's ephemeral range (32768 and up): there, while a killed server restarts, a client's own reconnect could be given the port.
const firstPort = 20000
const lastPort = 32000

const canBind = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })

/** By this process: a server that has two asks for both before it listens on either. */
const given = new Set<number>()

/** A TCP port of 127.0.0.1 that nothing listens on and that no outgoing connection is given. */
export const freePort = async (): Promise<number> => {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort))
    if (given.has(port) || !(await canBind(port))) continue
    given.add(port)
    return port
  }
  throw new Error(`no free port between ${firstPort} and ${lastPort}`)
}
