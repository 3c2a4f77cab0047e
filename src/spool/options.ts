// What the configuration says of the spool, after reading.

export interface SpoolOptions {
  /** `retention` in ms: how long a fully delivered entry that only we hold stays; Infinity for `never`. */
  readonly retention: number;
}
