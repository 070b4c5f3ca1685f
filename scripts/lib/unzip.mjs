// node unzip.mjs <archive> <entry> <file>: a bare Debian has no unzip. No zip64, no encryption; the checksum is checked.
import { readFileSync, writeFileSync } from 'node:fs'
import { crc32, inflateRawSync } from 'node:zlib'

const [archive = '', entry = '', file = ''] = process.argv.slice(2)
const zip = readFileSync(archive)
const directory = zip.readUInt32LE(zip.lastIndexOf('PK\u0005\u0006') + 16)

for (let at = directory; zip.readUInt32LE(at) === 0x02014b50;) {
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset))
  if (zip.toString('utf8', at + 46, at + 46 + nameLength) === entry) {
    const local = zip.readUInt32LE(at + 42)
    const begin = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    const packed = zip.subarray(begin, begin + zip.readUInt32LE(at + 20))
    const content = zip.readUInt16LE(at + 10) === 0 ? packed : inflateRawSync(packed)
    if (crc32(content) !== zip.readUInt32LE(at + 16)) throw new Error(`${entry} is damaged`)
    writeFileSync(file, content)
    process.exit()
  }
  at += 46 + nameLength + extraLength + commentLength
}
throw new Error(`${archive} has no ${entry}`)
