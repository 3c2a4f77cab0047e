// What the configuration says of one destination, after reading. What a key means is written in
// docs/CONFIGURATION.md.

export interface DestinationOptions {
  /** `url` as configured: http or https, ends with a slash, may hold `{hostname}` and `{machine}` in its path. */
  readonly url: string;
}
