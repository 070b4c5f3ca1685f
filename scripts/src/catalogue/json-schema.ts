import { ScalarType } from '@bufbuild/protobuf'
import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf'
import type { Protos } from './descriptors.ts'

/** A JSON Schema of draft 7, as AsyncAPI takes it. */
export type JsonSchema = { readonly [keyword: string]: unknown }

const integer32 = { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }
const unsigned32 = { type: 'integer', minimum: 0, maximum: 2 ** 32 - 1 }
// A JSON number of most languages can't hold 64 bits: proto3 JSON writes a string.
const integer64 = { type: 'string', pattern: '^-?\\d+$', format: 'int64' }
const unsigned64 = { type: 'string', pattern: '^\\d+$', format: 'uint64' }
const floating = { oneOf: [{ type: 'number' }, { type: 'string', enum: ['NaN', 'Infinity', '-Infinity'] }] }

const scalars: Record<ScalarType, JsonSchema> = {
  [ScalarType.DOUBLE]: floating,
  [ScalarType.FLOAT]: floating,
  [ScalarType.INT64]: integer64,
  [ScalarType.SINT64]: integer64,
  [ScalarType.SFIXED64]: integer64,
  [ScalarType.UINT64]: unsigned64,
  [ScalarType.FIXED64]: unsigned64,
  [ScalarType.INT32]: integer32,
  [ScalarType.SINT32]: integer32,
  [ScalarType.SFIXED32]: integer32,
  [ScalarType.UINT32]: unsigned32,
  [ScalarType.FIXED32]: unsigned32,
  [ScalarType.BOOL]: { type: 'boolean' },
  [ScalarType.STRING]: { type: 'string' },
  [ScalarType.BYTES]: { type: 'string', contentEncoding: 'base64' },
}

/** The messages with a JSON form of their own. */
const wellKnown: Readonly<Record<string, JsonSchema>> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Duration': { type: 'string', pattern: '^-?\\d+(\\.\\d{1,9})?s$' },
  'google.protobuf.Struct': { type: 'object', additionalProperties: true },
  'google.protobuf.Value': {},
  'google.protobuf.ListValue': { type: 'array', items: {} },
}

/** The schemas of the messages and of all that they hold, by name, as proto3 JSON puts them; `refer` gives the place of one. */
export function schemasOf(protos: Protos, roots: readonly DescMessage[], refer: (name: string) => string): Record<string, JsonSchema> {
  const schemas: Record<string, JsonSchema> = {}

  function reference(type: DescMessage | DescEnum): JsonSchema {
    const known = wellKnown[type.typeName]
    if (known) return known
    if (type.typeName.startsWith('google.')) throw new Error(`${type.typeName} has a JSON form that this generator does not know`)
    if (!(type.name in schemas)) {
      // First, so that a message within itself ends.
      schemas[type.name] = {}
      schemas[type.name] = type.kind === 'message' ? ofMessage(type) : ofEnum(type)
    }
    return { $ref: refer(type.name) }
  }

  function ofMessage(message: DescMessage): JsonSchema {
    const properties = Object.fromEntries(message.fields.map((field) => [field.jsonName, ofField(field)]))
    const description = protos.comment(message)
    return { type: 'object', ...(description && { description }), properties }
  }

  function ofEnum(type: DescEnum): JsonSchema {
    const notes = type.values.flatMap((value) => {
      const comment = protos.comment(value)
      return comment ? [`${value.name}: ${comment}`] : []
    })
    const description = [protos.comment(type), ...notes].filter(Boolean).join('\n')
    return { type: 'string', ...(description && { description }), enum: type.values.map(({ name }) => name) }
  }

  function ofField(field: DescField): JsonSchema {
    const comment = protos.comment(field)
    const schema = shapeOf(field)
    if (!comment) return schema
    // Beside a $ref of draft 7 nothing counts.
    return '$ref' in schema ? { description: comment, allOf: [schema] } : { description: comment, ...schema }
  }

  function shapeOf(field: DescField): JsonSchema {
    switch (field.fieldKind) {
      case 'scalar':
        return scalars[field.scalar]
      case 'enum':
        return reference(field.enum)
      case 'message':
        return reference(field.message)
      case 'list':
        return { type: 'array', items: ofKind(field) }
      case 'map':
        return { type: 'object', additionalProperties: ofKind(field) }
    }
  }

  function ofKind(field: DescField & { fieldKind: 'list' | 'map' }): JsonSchema {
    if (field.message) return reference(field.message)
    if (field.enum) return reference(field.enum)
    return scalars[field.scalar ?? ScalarType.STRING]
  }

  for (const root of roots) reference(root)
  return schemas
}
