import type { DescMessage } from '@bufbuild/protobuf'
import * as contracts from '@frontdesk/contracts'
import { catalogue, coversFilter, durables, stageFilter, stagesOf } from '@frontdesk/contracts'
import type { EventType, Stage } from '@frontdesk/contracts'
import type { Protos } from './descriptors.ts'

/** An event type as its readers want it told. */
export interface CataloguedEvent {
  readonly type: EventType
  /** `call.ended`. */
  readonly name: string
  readonly owner: string
  readonly summary: string
  /** The payload's message. */
  readonly message: DescMessage
  readonly stages: readonly (Stage & { readonly consumers: readonly string[] })[]
}

const eventsPackage = 'frontdesk.events.v1'

/** Every event of the catalogue. @throws Error if a payload is no message of the protos. */
export function cataloguedEvents(protos: Protos): CataloguedEvent[] {
  // The catalogue knows codecs, and the door of contracts has each under its message's name.
  const names = new Map<unknown, string>(Object.entries(contracts).map(([name, value]) => [value, name]))
  return (Object.keys(catalogue) as EventType[]).map((type) => {
    const { owner, summary, payload } = catalogue[type]
    const name = names.get(payload)
    if (name === undefined) throw new Error(`the payload of ${type} is not exported by contracts`)
    return {
      type,
      name: type.split('.').slice(1, -1).join('.'),
      owner,
      summary,
      message: protos.message(`${eventsPackage}.${name}`),
      stages: stagesOf(type).map((stage) => Object.assign({ consumers: consumersOf(stage) }, stage)),
    }
  })
}

/** Which of our services consume it there, all of it or what one provider sends. */
function consumersOf(stage: Stage): string[] {
  const all = stageFilter(stage)
  const ours = durables.filter(
    ({ stream, filterSubjects }) =>
      stream === stage.stream && filterSubjects.some((filter) => coversFilter(filter, all) || coversFilter(all, filter)),
  )
  return [...new Set(ours.map(({ service }) => service))]
}
