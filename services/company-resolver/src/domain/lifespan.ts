/** What is in use until it is deactivated. */
interface Deactivatable {
  readonly deactivatedAt: Date | undefined
}

/** The thing with its end; one that has ended keeps its first end. */
export function deactivate<Thing extends Deactivatable>(thing: Thing, at: Date): Thing {
  return thing.deactivatedAt ? thing : { ...thing, deactivatedAt: at }
}

/** The thing in use again; itself if it is. */
export function reactivate<Thing extends Deactivatable>(thing: Thing): Thing {
  return thing.deactivatedAt ? { ...thing, deactivatedAt: undefined } : thing
}
