import { wholeNumber } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { instant, printable } from '../format.ts'
import { deliver, type Delivered } from '../listen/deliver.ts'
import { binaryEvent, structuredEvent } from '../listen/http-event.ts'
import { signingSecret } from '../listen/standard-webhook.ts'
import { targetUrl } from '../listen/target-url.ts'
import type { LiveEvent } from '../live/live-event.ts'
import { watch, watchArgs } from '../live/watch.ts'

/** How many wait for the program's answers at once; beyond them, events wait at the broker. */
const atOnce = 8

/** Hands live events to a program. */
export function listen(context: CliContext): Leaf {
  return leaf(
    'Hand events to your local program as they happen, signed as Standard Webhooks, until Ctrl-C.',
    {
      'forward-to': { type: 'string', description: 'Where your program listens', valueHint: 'http://localhost:3000/hook', required: true },
      mode: {
        type: 'enum',
        description: 'CloudEvents in headers (binary) or in the body',
        options: ['binary', 'structured'],
        default: 'binary',
      },
      secret: { type: 'string', description: 'whsec_… to sign with; better in FRONTDESK_LISTEN_SECRET; a new one if left out' },
      attempts: { type: 'string', description: 'How often an event is sent until your program answers 2xx', default: '5', valueHint: 'n' },
      'allow-remote': { type: 'boolean', description: 'Let events leave this machine' },
      quarantine: { type: 'boolean', description: 'Also what went to no company' },
      ...watchArgs,
    },
    async ({ args }) => {
      const url = targetUrl(args['forward-to'], args['allow-remote'] ?? false)
      const given = args.secret ?? context.env['FRONTDESK_LISTEN_SECRET']
      const secret = signingSecret(given)
      const told = given === undefined ? `The signing secret is ${secret}.` : 'Signed with your secret.'
      const attemptsMax = wholeNumber('--attempts', args.attempts, 1, 20)
      const interrupted = context.interrupted()
      const options = { url, secret, attemptsMax, timeoutMs: 10_000, now: context.now, signal: interrupted }
      const encode = args.mode === 'structured' ? structuredEvent : binaryEvent
      const underWay = new Set<Promise<void>>()
      async function hand(event: LiveEvent): Promise<void> {
        const delivered = await deliver(encode(event), options)
        context.out(args.json ? JSON.stringify(report(event, delivered)) : line(event, delivered, context.now()))
      }

      await watch(
        { ...context, interrupted: () => interrupted },
        { ...args, quarantine: args.quarantine ?? false },
        {
          onReady: () => context.err(`Forwarding to ${url.href}. ${told} Ctrl-C ends.`),
          async onEvent(event) {
            const delivery = hand(event).finally(() => underWay.delete(delivery))
            underWay.add(delivery)
            if (underWay.size >= atOnce) await Promise.race(underWay)
          },
        },
      )
      await Promise.all(underWay)
    },
  )
}

function report({ envelope }: LiveEvent, delivered: Delivered): Record<string, unknown> {
  const { id, revision, type, companyId } = envelope
  return { eventId: id, revision, type, ...(companyId !== undefined && { companyId }), ...delivered }
}

function line({ envelope }: LiveEvent, { ok, answer, attempts, ms }: Delivered, now: Date): string {
  const outcome = ok ? 'taken' : 'GIVEN UP'
  const again = attempts === 1 ? '' : `  ${attempts} attempts`
  return printable(`${instant(now)}  ${outcome}  ${answer}  ${ms} ms  ${envelope.type}  ${envelope.subject}  ${envelope.id}${again}`)
}
