import type {
  MessageChoice,
  MessageContact,
  MessageFailure,
  MessageLocation,
  MessageMedia,
  MessageOrder,
  MessageParty,
  MessageReceived,
} from '@frontdesk/contracts'
import { phoneNumber } from '../evidence.ts'
import type { WhatsappFailure, WhatsappMessage } from './schema.ts'

type Content = Pick<
  MessageReceived,
  'text' | 'replyToProviderMessageId' | 'media' | 'location' | 'contacts' | 'choice' | 'emoji' | 'order' | 'failure'
>

/** What a message says: of its members only that which its kind names. */
export function contentOf(read: WhatsappMessage): Content {
  const media = mediaOf(read)
  const choice = choiceOf(read)
  return {
    text: textOf(read) ?? media?.caption ?? choice?.title ?? '',
    replyToProviderMessageId: read.context?.id ?? read.reaction?.message_id ?? '',
    media: media && toMedia(media),
    location: read.type === 'location' ? locationOf(read) : undefined,
    contacts: read.type === 'contacts' ? contactsOf(read) : [],
    choice,
    emoji: read.type === 'reaction' ? (read.reaction?.emoji ?? '') : '',
    order: read.type === 'order' ? orderOf(read) : undefined,
    failure: read.errors?.length ? failureOf(read.errors) : undefined,
  }
}

/** Somebody as the provider knows him; without a name. */
export function partyOf(number: string | null | undefined, userId: string | null | undefined): MessageParty {
  return { phoneNumber: number ?? '', providerUserId: userId ?? '', name: '' }
}

/** The first of the provider's reasons; where it gives none, one without a code. */
export function failureOf(errors: readonly WhatsappFailure[] | null | undefined): MessageFailure {
  const [first] = errors ?? []
  return {
    code: first?.code ?? 0,
    title: first?.title ?? '',
    details: first?.error_data?.details ?? first?.message ?? '',
  }
}

function textOf({ type, text, order }: WhatsappMessage): string | undefined {
  if (type === 'text') return text?.body
  return type === 'order' ? (order?.text ?? undefined) : undefined
}

type Media = NonNullable<WhatsappMessage['image']>

function mediaOf(read: WhatsappMessage): Media | undefined {
  switch (read.type) {
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
    case 'sticker':
      return read[read.type] ?? undefined
    default:
      return undefined
  }
}

function toMedia(media: Media): MessageMedia {
  return {
    providerMediaId: media.id ?? '',
    mimeType: media.mime_type ?? '',
    sha256: media.sha256 ?? '',
    fileName: media.filename ?? '',
    voice: media.voice ?? false,
  }
}

function choiceOf({ type, interactive, button }: WhatsappMessage): MessageChoice | undefined {
  const chosen = type === 'interactive' ? (interactive?.button_reply ?? interactive?.list_reply) : undefined
  if (chosen) return { id: chosen.id ?? '', title: chosen.title, description: chosen.description ?? '' }
  return type === 'button' && button ? { id: button.payload ?? '', title: button.text ?? '', description: '' } : undefined
}

function locationOf({ location }: WhatsappMessage): MessageLocation | undefined {
  if (!location) return undefined
  const { latitude, longitude, name, address } = location
  return { latitude, longitude, name: name ?? '', address: address ?? '' }
}

function contactsOf({ contacts }: WhatsappMessage): MessageContact[] {
  return (contacts ?? []).map(({ name, phones }) => ({
    name: name?.formatted_name ?? '',
    phoneNumbers: (phones ?? []).flatMap(({ phone, wa_id }) => phoneNumber(phone) ?? (wa_id ? phoneNumber(`+${wa_id}`) : undefined) ?? []),
  }))
}

function orderOf({ order }: WhatsappMessage): MessageOrder | undefined {
  return (
    (order && {
      catalogId: order.catalog_id ?? '',
      items: (order.product_items ?? []).map(({ product_retailer_id, quantity }) => ({ productId: product_retailer_id, quantity })),
    }) ??
    undefined
  )
}
