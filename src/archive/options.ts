// What the server's configuration says of its archive, after reading. What a key means is written in
// docs/CONFIGURATION.md.

export interface ArchiveOptions {
  /** `archive.after`: ms for which a file was unchanged before it is sealed and compressed. */
  readonly after: number;
  /** `archive.delete_after`: ms for which it was unchanged before its compressed copy is deleted; Infinity: never. */
  readonly deleteAfter: number;
}
