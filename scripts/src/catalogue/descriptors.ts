import { createFileRegistry, fromBinary } from '@bufbuild/protobuf'
import type { DescEnum, DescEnumValue, DescField, DescMessage } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt'

/** The protos as they are read: what there is, and what is written above it. */
export interface Protos {
  /** @throws Error if there is no such message. */
  message(typeName: string): DescMessage
  /** The comment above it, its lines joined; empty without one. */
  comment(of: Described): string
}

// Field numbers of descriptor.proto, of which a comment's path is made.
const messageTag = 4
const enumTag = 5
const fieldTag = 2
const valueTag = 2

type Described = DescMessage | DescField | DescEnum | DescEnumValue

/** Reads a FileDescriptorSet with its source info, as `buf build` writes it. */
export function readProtos(bytes: Uint8Array): Protos {
  const set = fromBinary(FileDescriptorSetSchema, bytes)
  const registry = createFileRegistry(set)
  const comments = new Map(set.file.flatMap(commentsOf))
  return {
    message(typeName) {
      const found = registry.getMessage(typeName)
      if (!found) throw new Error(`there is no message ${typeName} in the protos`)
      return found
    },
    comment: (of) => comments.get(keyOf(of)) ?? '',
  }
}

function commentsOf(file: FileDescriptorProto): [string, string][] {
  const locations = file.sourceCodeInfo?.location ?? []
  return locations
    .filter(({ leadingComments }) => leadingComments !== '')
    .map(({ path, leadingComments }) => [
      `${file.name}:${path.join('.')}`,
      leadingComments
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '')
        .join(' '),
    ])
}

function keyOf(of: Described): string {
  return `${fileOf(of)}.proto:${pathOf(of).join('.')}`
}

function fileOf(of: Described): string {
  if (of.kind === 'field' || of.kind === 'enum_value') return of.parent.file.name
  return of.file.name
}

function pathOf(of: Described): number[] {
  if (of.kind === 'field') return [...pathOf(of.parent), fieldTag, of.parent.proto.field.indexOf(of.proto)]
  if (of.kind === 'enum_value') return [...pathOf(of.parent), valueTag, of.parent.proto.value.indexOf(of.proto)]
  if (of.kind === 'message') {
    if (of.parent) return [...pathOf(of.parent), 3, of.parent.proto.nestedType.indexOf(of.proto)]
    return [messageTag, of.file.proto.messageType.indexOf(of.proto)]
  }
  if (of.parent) return [...pathOf(of.parent), 4, of.parent.proto.enumType.indexOf(of.proto)]
  return [enumTag, of.file.proto.enumType.indexOf(of.proto)]
}
