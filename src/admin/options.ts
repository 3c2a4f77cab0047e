// What the configuration says of the admin listener, after reading. What a key means is written in
// docs/CONFIGURATION.md.

export interface AdminOptions {
  /** Host name or IP address, without brackets. */
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

/** As one writes it in a URL. */
export function authorityOf({ host, port }: AdminOptions): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
