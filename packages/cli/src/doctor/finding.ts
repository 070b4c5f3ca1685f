/** What one look found. */
export interface Finding {
  readonly check: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
  /** The command to run, or what else to do. */
  readonly fix?: string
}

export function ok(check: string, detail: string): Finding {
  return { check, status: 'ok', detail }
}

export function warn(check: string, detail: string, fix: string): Finding {
  return { check, status: 'warn', detail, fix }
}

export function fail(check: string, detail: string, fix: string): Finding {
  return { check, status: 'fail', detail, fix }
}

/** A look that could not be taken is a failure of its own, with what the error says to do. */
export async function looking(check: string, fix: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look()
  } catch (error) {
    const hint = error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : fix
    return [fail(check, error instanceof Error ? error.message : String(error), hint)]
  }
}
