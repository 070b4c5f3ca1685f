import { newId, type CompanyId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { Desk, DeskConversation, DeskMessage, DeskPage, DeskPageQuery, OpenDesk } from '../../src/mcp/ports.ts'

interface Company {
  readonly conversations: DeskConversation[]
  readonly messages: DeskMessage[]
  readonly byKey: Map<string, DeskMessage>
}

/** Companies in memory, with the rules of the real ones: the window, the keys, the pages. */
export function createFakeDesks(now: () => Date) {
  const companies = new Map<CompanyId, Company>()
  const failing = { error: undefined as unknown }

  function of(companyId: CompanyId): Company {
    const known = companies.get(companyId)
    if (known) return known
    const company: Company = { conversations: [], messages: [], byKey: new Map() }
    companies.set(companyId, company)
    return company
  }

  const open: OpenDesk = (companyId) => {
    const company = of(companyId)
    const find = (id: string) => {
      const conversation = company.conversations.find((one) => one.id === id)
      if (!conversation) throw new FrontdeskError('not_found', { publicMessage: 'This company has no such conversation.' })
      return conversation
    }
    function queue(key: string, conversationId: string, content: Pick<DeskMessage, 'kind' | 'text' | 'template'>): DeskMessage {
      const there = company.byKey.get(key)
      if (there && shown(there) === shown(content)) return there
      if (there) throw new FrontdeskError('already_exists', { publicMessage: 'idempotency_key: it was used for another message.' })
      const message: DeskMessage = {
        id: newId('msg'),
        conversationId,
        direction: 'outbound',
        status: 'queued',
        failureReason: '',
        createdAt: now(),
        ...content,
      }
      company.messages.push(message)
      company.byKey.set(key, message)
      return message
    }
    const desk: Desk = {
      async listConversations(query) {
        if (failing.error) throw failing.error
        return page(company.conversations, query, ({ lastMessageAt }) => lastMessageAt)
      },
      async getConversation(id, query) {
        const conversation = find(id)
        const own = company.messages.filter(({ conversationId }) => conversationId === id)
        return { conversation, messages: page(own, query, ({ createdAt }) => createdAt) }
      },
      async sendMessage({ conversationId, text, idempotencyKey }) {
        const { lastInboundAt } = find(conversationId)
        if (!lastInboundAt) {
          throw new FrontdeskError('failed_precondition', { publicMessage: 'The customer has not written within 24 hours.' })
        }
        return queue(idempotencyKey, conversationId, { kind: 'text', text, template: undefined })
      },
      async sendTemplate({ recipient, template, idempotencyKey }) {
        const conversationId = 'conversationId' in recipient ? find(recipient.conversationId).id : conversationOf(recipient.phoneNumber)
        return queue(idempotencyKey, conversationId, { kind: 'template', text: '', template })
      },
    }
    function conversationOf(phoneNumber: string): string {
      const there = company.conversations.find(({ customer }) => customer.phoneNumber === phoneNumber)
      if (there) return there.id
      const begun = { id: newId('conv'), customer: { phoneNumber, name: '' }, lastMessageAt: now(), lastInboundAt: undefined }
      company.conversations.push(begun)
      return begun.id
    }
    return desk
  }

  return {
    open,
    /** What every list fails with from now on. */
    failWith: (error: unknown) => void (failing.error = error),
    messages: (companyId: CompanyId): readonly DeskMessage[] => of(companyId).messages,
    /** A conversation in which the customer has written these texts, a minute apart. */
    converse(companyId: CompanyId, { name = 'Ada', phoneNumber = '+4930123456', texts = ['Hello'], minutesAgo = 10 } = {}): string {
      const company = of(companyId)
      const id = newId('conv')
      const at = (index: number) => new Date(now().getTime() - (minutesAgo - index) * 60_000)
      const last = at(texts.length - 1)
      company.conversations.push({ id, customer: { phoneNumber, name }, lastMessageAt: last, lastInboundAt: last })
      for (const [index, text] of texts.entries()) {
        company.messages.push({
          id: newId('msg'),
          conversationId: id,
          direction: 'inbound',
          kind: 'text',
          text,
          template: undefined,
          status: 'received',
          failureReason: '',
          createdAt: at(index),
        })
      }
      return id
    },
  }
}

export type FakeDesks = ReturnType<typeof createFakeDesks>

function shown({ text, template }: Pick<DeskMessage, 'text' | 'template'>): string {
  return JSON.stringify([text, template])
}

function page<Item extends { readonly id: string }>(
  all: readonly Item[],
  { limit, pageToken }: DeskPageQuery,
  instantOf: (item: Item) => Date,
): DeskPage<Item> {
  const keyOf = (item: Item) => `${instantOf(item).getTime()}.${item.id}`
  if (pageToken !== '' && !/^\d{1,15}\.[a-z]+_[0-9a-z]{26}$/.test(pageToken)) {
    throw new FrontdeskError('invalid_argument', { publicMessage: 'page_token: not one that we gave. Begin again without it.' })
  }
  const sorted = all.toSorted((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1))
  const items = sorted.filter((item) => pageToken === '' || keyOf(item) < pageToken).slice(0, limit)
  const last = items.length === limit ? items.at(-1) : undefined
  return { items, nextPageToken: last ? keyOf(last) : '' }
}
