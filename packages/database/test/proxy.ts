import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to the database that can go wrong. */
export interface Proxy extends AsyncDisposable {
  readonly url: string
  /** Cuts the connection instead of passing on a packet with this text in it. */
  cutAt: string | undefined
  /** Cuts the connection once so many bytes more of the server's answers have been passed on. */
  cutAfterAnswerBytes: number | undefined
  /** Passes nothing on, in either direction, and says nothing of it. */
  silent: boolean
  readonly cuts: number
  /** How often the client has sent something. */
  readonly writes: number
}

/** Stands between a client and the database of the URL. */
export async function startProxy(databaseUrl: string): Promise<Proxy> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const state = {
    cutAt: undefined as string | undefined,
    cutAfterAnswerBytes: undefined as number | undefined,
    silent: false,
    cuts: 0,
    writes: 0,
  }

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    const cut = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      sockets.add(socket)
      socket.on('error', cut).on('close', () => {
        sockets.delete(socket)
        cut()
      })
    }
    client.on('data', (data) => {
      state.writes++
      if (state.cutAt !== undefined && data.includes(state.cutAt)) {
        state.cuts++
        cut()
      } else if (!state.silent) upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (state.silent) return
      const left = state.cutAfterAnswerBytes
      if (left === undefined || data.length < left) {
        client.write(data)
        if (left !== undefined) state.cutAfterAnswerBytes = left - data.length
      } else {
        state.cuts++
        client.end(data.subarray(0, left), cut)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(databaseUrl)
  url.port = String((server.address() as AddressInfo).port)

  return Object.assign(state, {
    url: url.href,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  })
}
