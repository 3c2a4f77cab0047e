// What the server's configuration says of its listener and of the paths it takes, after reading. What a key
// means is written in docs/CONFIGURATION.md.

export interface IngestOptions {
  /** `bind_address` */
  readonly bindAddress: string;
  /** `listen_port`; 0 lets the kernel choose. */
  readonly listenPort: number;
  /** `validate_regex`: what a decoded path must match. */
  readonly validateRegex: RegExp;
}
