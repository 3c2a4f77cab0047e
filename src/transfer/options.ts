// What the configuration says of one destination, after reading.

export interface DestinationOptions {
  /** `url` as configured: http or https, ends with a slash, may hold `{hostname}` and `{machine}` in its path. */
  readonly url: string;
}
