/** The answer that a unary method's generator returns. */
export async function answerOf<Response>(method: AsyncGenerator<never, Response, undefined>): Promise<Response> {
  const { value } = await method.next()
  return value
}

/** The work in the form of a unary middleware: a generator that yields nothing and returns the answer. */
// oxlint-disable-next-line require-yield -- a stream's middleware would yield; a unary one can not
export async function* unary<Response>(work: () => Promise<Response>): AsyncGenerator<never, Response, undefined> {
  return await work()
}
