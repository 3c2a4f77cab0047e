// The TLS files and tokens of a configuration as facts for a check: what each certificate is and until when, or why a
// file cannot be used. What they need is loaded only where there is TLS.

import { X509Certificate } from "node:crypto";
import type { CertificateFacts, TlsFacts } from "../check/certificates.ts";
import type { ServerConfig } from "../config/options.ts";
import { readCertificates } from "../platform/tls-files.ts";
import type { DestinationOptions } from "../transfer/options.ts";
import { openTransport } from "./transports.ts";

export async function tlsOfDestination(options: DestinationOptions, url: URL): Promise<TlsFacts> {
  const { tls, tokenFile } = options;
  const files = [tls?.cert, tls?.ca].filter((path) => path !== undefined);
  const paths = [...files, tls?.key, tokenFile].filter((path) => path !== undefined);
  return await facts(url.href, files, paths, async () => {
    await openTransport(options);
  });
}

export async function tlsOfServer({ tls, path }: ServerConfig): Promise<TlsFacts> {
  const files = [tls?.cert, tls?.clientCa].filter((one) => one !== undefined);
  const paths = [...files, tls?.key, tls?.crl].filter((one) => one !== undefined);
  return await facts(path, files, paths, async () => {
    if (tls !== undefined) (await import("../platform/server-tls-files.ts")).loadServerTls(tls);
  });
}

async function facts(
  subject: string,
  files: readonly string[],
  paths: readonly string[],
  load: () => Promise<void>,
): Promise<TlsFacts> {
  try {
    await load();
    return { subject, certificates: files.flatMap(certificatesOf), fault: undefined, paths };
  } catch (error) {
    return { subject, certificates: [], fault: error instanceof Error ? error.message : String(error), paths };
  }
}

function certificatesOf(path: string): CertificateFacts[] {
  const all = readCertificates(path).map((pem) => new X509Certificate(pem));
  return all.map((one, i) => {
    const next = all[i + 1];
    return {
      path,
      subject: one.subject.replaceAll("\n", ", "),
      from: one.validFromDate.getTime(),
      until: one.validToDate.getTime(),
      // CAs stand beside each other; a certificate that is none leads to the next one.
      isBroken: !one.ca && next !== undefined && !one.checkIssued(next),
    };
  });
}
