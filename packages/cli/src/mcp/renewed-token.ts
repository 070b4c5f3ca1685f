/** A token that is asked for when it is first needed, and again once it is refused. */
export interface RenewedToken {
  current(): Promise<string>
  renew(): Promise<void>
}

/** Several requests that are refused at once ask for one new token. */
export function createRenewedToken(ask: () => Promise<string>): RenewedToken {
  let kept: Promise<string> | undefined
  let renewing: Promise<string> | undefined

  function askOnce(): Promise<string> {
    renewing ??= ask().finally(() => {
      renewing = undefined
    })
    kept = renewing
    kept.catch(() => {
      kept = undefined
    })
    return kept
  }

  return {
    current: () => kept ?? askOnce(),
    renew: async () => void (await askOnce()),
  }
}
