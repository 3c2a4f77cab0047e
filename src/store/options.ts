// What the server's configuration says of the store, after reading.

export interface StoreOptions {
  /** `datadir`: where the files lie. */
  readonly datadir: string;
  /** `fsync`: false gives up durability at power cuts for speed. */
  readonly fsync: boolean;
}
