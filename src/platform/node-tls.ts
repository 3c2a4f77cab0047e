// The server's half of TLS: 1.2 and 1.3, no renegotiation, no compression, forward secrecy only; who is at the
// other end, in terms of ours. Loaded only where TLS is configured: plain HTTP starts without it.
// OpenSSL checks the chain, the dates, the revocation list and that a certificate is for clients; a certificate that
// fails is not cut off but told apart here, so that our log can say why. A resumed session brings certificate and
// verdict along as they were; it lives as long as its secure context, which every reload replaces.

import { constants } from "node:crypto";
import type http from "node:http";
import https from "node:https";
import type { SecureContextOptions, TLSSocket } from "node:tls";
import type { PeerCertificate, TlsMaterial } from "./http-server.ts";

/** ms that a handshake may take. */
const HANDSHAKE = 10_000;
/** Seconds that a session can be resumed. */
const SESSION = 3_600;

export function contextOptions({ cert, key, clientCa, crls }: TlsMaterial): SecureContextOptions {
  return {
    cert,
    key,
    ...(clientCa === undefined ? {} : { ca: clientCa }),
    ...(crls.length === 0 ? {} : { crl: [...crls] }),
    minVersion: "TLSv1.2",
    ciphers: [
      "TLS_AES_128_GCM_SHA256",
      "TLS_AES_256_GCM_SHA384",
      "TLS_CHACHA20_POLY1305_SHA256",
      "ECDHE-ECDSA-AES128-GCM-SHA256",
      "ECDHE-RSA-AES128-GCM-SHA256",
      "ECDHE-ECDSA-AES256-GCM-SHA384",
      "ECDHE-RSA-AES256-GCM-SHA384",
      "ECDHE-ECDSA-CHACHA20-POLY1305",
      "ECDHE-RSA-CHACHA20-POLY1305",
    ].join(":"),
    ecdhCurve: "X25519:P-256:P-384",
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
    sessionTimeout: SESSION,
  };
}

/** A server that asks for a client certificate where `material` has a CA for them. */
export function createTlsServer(material: TlsMaterial, options: http.ServerOptions): https.Server {
  return https.createServer({
    ...options,
    ...contextOptions(material),
    requestCert: material.clientCa !== undefined,
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE,
  });
}

/** Replaces what `server` shows and trusts. False where the runtime has no such thing. */
export function renewContext(server: http.Server, material: TlsMaterial): boolean {
  if (!(server instanceof https.Server) || typeof server.setSecureContext !== "function") return false;
  server.setSecureContext(contextOptions(material));
  return true;
}

/** What the other side showed. */
export function certificateOf(socket: TLSSocket, asked: boolean): PeerCertificate {
  if (!asked) return { kind: "not-asked" };
  const { subject, issuer, subjectaltname, valid_to: validTo } = socket.getPeerCertificate();
  if (subject === undefined) return { kind: "rejected", reason: "it shows no client certificate" };
  const commonNames = [subject.CN ?? []].flat();
  if (!socket.authorized) {
    // OpenSSL tells the last fault that it found; of one that is self-signed it may be the lack of a revocation list.
    const selfSigned = JSON.stringify(subject) === JSON.stringify(issuer);
    const reason = selfSigned ? "is self-signed" : reasonOf(socket.authorizationError);
    return {
      kind: "rejected",
      reason: `the client certificate of ${JSON.stringify(commonNames.join(", "))} ${reason}`,
    };
  }
  return { kind: "trusted", commonNames, dnsNames: dnsNamesOf(subjectaltname ?? ""), notAfter: Date.parse(validTo) };
}

/** Why a handshake failed, in words; undefined where the other side just went away, as port probes do. */
export function handshakeFault(error: NodeJS.ErrnoException): string | undefined {
  const code = error.code ?? "";
  if (code === "ECONNRESET" || code === "EPIPE") return undefined;
  const alert = /ALERT_(.*)$/.exec(code)?.[1];
  if (alert !== undefined && alert !== "PROTOCOL_VERSION") {
    return `the client refuses our certificate or our terms (${alert.toLowerCase().replaceAll("_", " ")})`;
  }
  return HANDSHAKE_WORDS[code] ?? `the handshake failed (${code === "" ? error.message : code})`;
}

/** `DNS:a, IP Address:1.2.3.4, DNS:"odd\u002c name"`: Node writes a name that holds anything odd as a JSON string. */
function dnsNamesOf(subjectAltName: string): string[] {
  const entries = subjectAltName.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)/g);
  return [...entries].flatMap(([, kind, name = ""]) => {
    if (kind !== "DNS") return [];
    return [name.startsWith('"') ? String(JSON.parse(name)) : name];
  });
}

function reasonOf(error: Error | string | null | undefined): string {
  const code = typeof error === "string" ? error : ((error as NodeJS.ErrnoException | null)?.code ?? "");
  return CERTIFICATE_WORDS[code] ?? `is not trusted (${code === "" ? String(error) : code})`;
}

const UNKNOWN_CA = "is of a CA that client_ca does not hold";
const CERTIFICATE_WORDS: Readonly<Record<string, string | undefined>> = {
  CERT_HAS_EXPIRED: "has expired",
  CERT_NOT_YET_VALID: "is not valid yet",
  CERT_REVOKED: "is revoked",
  CERT_SIGNATURE_FAILURE: "has a wrong signature",
  CRL_HAS_EXPIRED: "cannot be checked: the revocation list in crl has expired, replace it",
  CRL_NOT_YET_VALID: "cannot be checked: the revocation list in crl is not valid yet",
  CRL_SIGNATURE_FAILURE: "cannot be checked: the revocation list in crl has a wrong signature",
  INVALID_CA: "is signed by a certificate that is no CA",
  INVALID_PURPOSE: "is not for clients (extended key usage)",
  PATH_LENGTH_EXCEEDED: "has a longer chain than its CA allows",
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_CA,
  UNABLE_TO_GET_CRL: "cannot be checked: crl holds no revocation list of its CA",
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_CA,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_CA,
};

const HANDSHAKE_WORDS: Readonly<Record<string, string | undefined>> = {
  ERR_SSL_HTTP_REQUEST: "it speaks plain HTTP, and this server takes only TLS",
  ERR_SSL_NO_SHARED_CIPHER: "it offers no cipher with forward secrecy and authenticated encryption",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "it takes neither TLS 1.2 nor 1.3",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "it offers neither TLS 1.2 nor 1.3",
  ERR_SSL_VERSION_TOO_LOW: "it offers neither TLS 1.2 nor 1.3",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS",
  ERR_TLS_HANDSHAKE_TIMEOUT: "the handshake was not done in time",
};
