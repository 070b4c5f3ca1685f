import { once } from 'node:events'
import { Client, credentials } from '@grpc/grpc-js'

/** The fields of ServerReflectionRequest that we ask by. */
const field = { fileByFilename: 3, fileContainingSymbol: 4, listServices: 7 } as const

/** Asks a server's reflection one question, and returns the answer's bytes as text: names are readable in them. */
export async function reflect(address: string, question: keyof typeof field, value: string): Promise<string> {
  const client = new Client(address, credentials.createInsecure())
  using cleanup = new DisposableStack()
  cleanup.defer(() => client.close())
  const asIs = (bytes: Buffer) => bytes
  const call = client.makeBidiStreamRequest('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', asIs, asIs)
  call.write(Buffer.concat([Buffer.from([(field[question] << 3) | 2, value.length]), Buffer.from(value)]))
  const [answer] = await once(call, 'data')
  call.end()
  await once(call, 'end')
  return String(answer)
}
