// Removes what a 64-bit little-endian ELF program does not need to run: symbol tables and debug sections.
// Done here rather than by binutils, so that a build needs nothing beyond npm and works for any architecture.
// Relies on linkers putting all of it behind the loaded segments, and refuses a file where that is not so.
// The headers of loaded sections stay as they are: the injection of the application blob reads them.

const SECTION_HEADER = 64;
const SHT_NULL = 0;
const SHT_STRTAB = 3;
const SHF_ALLOC = 2n;
const PT_LOAD = 1;

/** A copy of `elf` without the sections that are never loaded. */
export function stripElf(elf: Buffer): Buffer {
  if (elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1) {
    throw new Error("Cannot strip: not a 64-bit little-endian ELF file");
  }
  const tableAt = Number(elf.readBigUInt64LE(0x28));
  const headers = Array.from({ length: elf.readUInt16LE(0x3c) }, (_, i) =>
    elf.subarray(tableAt + i * SECTION_HEADER, tableAt + (i + 1) * SECTION_HEADER),
  );
  const names = headers[elf.readUInt16LE(0x3e)];
  if (names === undefined || names.readUInt32LE(0x04) !== SHT_STRTAB) throw new Error("Cannot strip: no section names");
  const loaded = headers.filter((header) => header.readUInt32LE(0x04) === SHT_NULL || isLoaded(header));
  // Sections refer to each other by index; only the names' own index may change.
  if (loaded.some((header, i) => header !== headers[i])) throw new Error("Cannot strip: loaded sections come late");

  const end = endOfSegments(elf);
  const nameBytes = elf.subarray(numberAt(names, 0x18), numberAt(names, 0x18) + numberAt(names, 0x20));
  const newNames = Buffer.from(names);
  newNames.writeBigUInt64LE(BigInt(end), 0x18);
  const padding = Buffer.alloc(-(end + nameBytes.length) & 7);
  const out = Buffer.concat([elf.subarray(0, end), nameBytes, padding, ...loaded, newNames]);
  out.writeBigUInt64LE(BigInt(end + nameBytes.length + padding.length), 0x28);
  out.writeUInt16LE(loaded.length + 1, 0x3c);
  out.writeUInt16LE(loaded.length, 0x3e);
  return out;
}

/** Where the last byte that is mapped into memory ends. */
function endOfSegments(elf: Buffer): number {
  const tableAt = numberAt(elf, 0x20);
  const size = elf.readUInt16LE(0x36);
  let end = 0;
  for (let i = 0; i < elf.readUInt16LE(0x38); i++) {
    const header = elf.subarray(tableAt + i * size, tableAt + (i + 1) * size);
    if (header.readUInt32LE(0) === PT_LOAD) end = Math.max(end, numberAt(header, 0x08) + numberAt(header, 0x20));
  }
  if (end === 0 || end > elf.length) throw new Error("Cannot strip: no loaded segments");
  return end;
}

function isLoaded(header: Buffer): boolean {
  return (header.readBigUInt64LE(0x08) & SHF_ALLOC) !== 0n;
}

function numberAt(header: Buffer, offset: number): number {
  return Number(header.readBigUInt64LE(offset));
}
