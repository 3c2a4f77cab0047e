// What the configuration says of the spool, after reading. What a key means is written in
// docs/CONFIGURATION.md.

export interface SpoolOptions {
  /** `retention` in ms: how long a fully delivered entry that only we hold stays; Infinity for `never`. */
  readonly retention: number;
}
