// What the server's configuration says of the store, after reading. What a key means is written in
// docs/CONFIGURATION.md.

export interface StoreOptions {
  /** `datadir`: where the files lie. */
  readonly datadir: string;
  /** `fsync`: false gives up durability at power cuts for speed. */
  readonly fsync: boolean;
}
