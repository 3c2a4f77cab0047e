// What the server's configuration says of the store, after reading. What a key means is written in
// docs/CONFIGURATION.md.

export interface StoreOptions {
  /** `datadir`: where the files lie. */
  readonly datadir: string;
  /** `fsync`: false gives up durability at power cuts for speed. */
  readonly fsync: boolean;
  readonly quota: Quota;
  readonly minFreeSpace: Floor;
}

/** What one identity may have below its prefix; Infinity where there is no limit. */
export interface Quota {
  readonly files: number;
  readonly bytes: number;
}

/** What must stay free on the file system: so many bytes, or a share of its size. */
export type Floor = { readonly bytes: number } | { readonly share: number };
