import { FrontdeskError } from '@frontdesk/errors'
import { type Content, contentOf, type Message } from '../domain/message.ts'
import type { Queued } from './ports.ts'

/** The same words for an id that does not exist and for another company's. */
export function notFound(what: string): FrontdeskError {
  return new FrontdeskError('not_found', { publicMessage: `This company has no such ${what}.` })
}

/** The message of an idempotency key. @throws FrontdeskError `already_exists` if the key was used for something else. */
export function sameOrRefuse({ message, isNew, isSameTarget }: Queued, wanted: Content): Message {
  if (isNew || (isSameTarget && shown(contentOf(message)) === shown(wanted))) return message
  throw new FrontdeskError('already_exists', { publicMessage: 'idempotency_key: it was used for another message.' })
}

function shown(content: Content | undefined): string {
  if (content?.kind !== 'template') return JSON.stringify(['text', content?.text])
  const { name, language, parameters } = content.template
  return JSON.stringify(['template', name, language, parameters])
}
