import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EventType } from '@frontdesk/contracts'
import { Ajv } from 'ajv'
import type { ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

/** A JSON Schema of the document. */
export interface Schema {
  readonly $ref?: string
  readonly allOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly type?: string
  readonly format?: string
  readonly enum?: readonly string[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
}

interface Document {
  readonly components: {
    readonly messages: Readonly<Record<EventType, { readonly payload: Schema }>>
    readonly messageTraits: { readonly cloudEvent: { readonly headers: Schema } }
    readonly schemas: Readonly<Record<string, Schema>>
  }
}

/** What the committed document says of payloads and headers. */
export async function readPayloadSchemas() {
  const path = join(import.meta.dirname, '../../../packages/contracts/asyncapi/asyncapi.yaml')
  const { components } = parse(await readFile(path, 'utf8')) as Document
  // A reader ignores fields that it does not know; here one that the document does not know is a mistake of the document.
  const closed = Object.fromEntries(
    Object.entries(components.schemas).map(([name, schema]) => [
      name,
      schema.properties ? { ...schema, additionalProperties: false } : schema,
    ]),
  )
  const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true })
  addFormats.default(ajv)
  ajv.addFormat('uint64', /^\d{1,20}$/)
  ajv.addFormat('int64', /^-?\d{1,19}$/)
  ajv.addVocabulary(['components'])
  ajv.addSchema({ $id: 'asyncapi', components: { schemas: closed } })
  const validators = new Map<EventType, ValidateFunction>()
  const headers = ajv.compile(components.messageTraits.cloudEvent.headers)

  /** What does not fit, such as `/call/direction must be equal to one of the allowed values`. */
  function violations(validate: ValidateFunction, value: unknown): string[] {
    return validate(value) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  }

  return {
    schemas: components.schemas,
    schemaOf: (type: EventType) => components.messages[type].payload,
    payloadViolations: (type: EventType, payload: unknown): string[] => {
      const validate = validators.get(type) ?? ajv.compile({ $ref: `asyncapi${components.messages[type].payload.$ref}` })
      validators.set(type, validate)
      return violations(validate, payload)
    },
    headerViolations: (values: Readonly<Record<string, string>>) => violations(headers, values),
  }
}
