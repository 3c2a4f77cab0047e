// Why a TLS connection to a destination failed, in words and with the remedy, since what OpenSSL says tells an
// operator neither which side is to blame nor what to do. The client's view: "certificate" is the server's, unless
// it is called ours. The codes are those of Node (tls.md, "X509 certificate error codes") and OpenSSL's alerts.

import { codeOf } from "../base/errors.ts";

const NODE_HINT = /; if the root CA is installed locally.*$/;
const UNKNOWN_CA =
  "the server's certificate is of a CA that is not trusted here: put that CA's certificate into tls.ca, or have the " +
  "server send its whole chain";
const NOT_OURS = "the server refuses our certificate";
const NO_COMMON_TERMS =
  "no TLS version or cipher in common, or the server wants a certificate: it must offer TLS 1.2 or 1.3; tls.cert and " +
  "tls.key give it ours";
const NOT_TLS = "the server does not speak TLS on that port: is it plain HTTP, or another port?";

const WORDS: Readonly<Record<string, string | undefined>> = {
  CERT_HAS_EXPIRED: "the server's certificate, or one in its chain, has expired: renew it there (or a clock is wrong)",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet: is the clock right, here and there?",
  CERT_REJECTED: "the server's certificate is not accepted for this purpose",
  CERT_REVOKED: "the server's certificate is revoked",
  CERT_SIGNATURE_FAILURE: "the signature of the server's certificate is wrong: another CA of the same name?",
  CERT_UNTRUSTED: UNKNOWN_CA,
  DEPTH_ZERO_SELF_SIGNED_CERT:
    "the server's certificate is self-signed and not trusted here: put it, or its CA's, into tls.ca",
  ERR_SSL_HTTP_REQUEST: NOT_TLS,
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: NO_COMMON_TERMS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NOT_TLS,
  ERR_SSL_UNSUPPORTED_PROTOCOL: "the server offers neither TLS 1.2 nor 1.3: older ones are not taken",
  ERR_SSL_WRONG_VERSION_NUMBER: NOT_TLS,
  INVALID_CA: "a certificate in the server's chain signed another one and is no CA",
  INVALID_PURPOSE: "the server's certificate is not made for servers (extended key usage): issue one that is",
  PATH_LENGTH_EXCEEDED: "the server's chain is longer than its CA allows",
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_CA,
  TLS_TIMEOUT: "the TLS handshake was not done within 10 s",
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_CA,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_CA,
};

/** By what follows `ALERT_` in OpenSSL's code: the server's words about us. */
const ALERTS: Readonly<Record<string, string | undefined>> = {
  ACCESS_DENIED: "the server denies access to our certificate",
  BAD_CERTIFICATE: `${NOT_OURS}: it finds it malformed`,
  CERTIFICATE_EXPIRED: `${NOT_OURS}: it has expired; renew it`,
  CERTIFICATE_REQUIRED: "the server wants a client certificate: set tls.cert and tls.key",
  CERTIFICATE_REVOKED: `${NOT_OURS}: it is revoked`,
  CERTIFICATE_UNKNOWN: NOT_OURS,
  DECRYPT_ERROR: `${NOT_OURS}: its signature is wrong`,
  HANDSHAKE_FAILURE: NO_COMMON_TERMS,
  INSUFFICIENT_SECURITY: "the server wants stronger ciphers",
  NO_APPLICATION_PROTOCOL: "the server does not speak HTTP/1.1",
  PROTOCOL_VERSION: "the server offers neither TLS 1.2 nor 1.3: older ones are not taken",
  UNKNOWN_CA: `${NOT_OURS}: it is of a CA that the server does not trust`,
  UNRECOGNIZED_NAME: "the server has no certificate for that name: see tls.server_name",
  UNSUPPORTED_CERTIFICATE: `${NOT_OURS}: it is of the wrong kind (extended key usage)`,
};

/** The code of a connection that was closed before its first answer, without a word. */
export const CLOSED_EARLY = "TLS_CLOSED";
/** A server that refuses a certificate often just hangs up. */
const CLOSED = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/**
 * `error` with a message for an operator. `hasCertificate`: a client certificate is configured; `answered`: the
 * connection has brought an answer, so that the server has taken whatever certificate there was.
 */
export function tlsFailure(error: Error, hasCertificate: boolean, answered: boolean): Error {
  const code = codeOf(error);
  if (CLOSED.has(code)) {
    if (answered) return error;
    const perhaps = hasCertificate ? "not take our certificate" : "want a client certificate (tls.cert, tls.key)";
    const text = `the server closed the connection before its first answer: it may ${perhaps}; its log says why`;
    return Object.assign(new Error(text, { cause: error }), { code: CLOSED_EARLY });
  }
  const text = wordsFor(code, error.message);
  return text === undefined ? error : Object.assign(new Error(text, { cause: error }), { code });
}

function wordsFor(code: string, message: string): string | undefined {
  if (WORDS[code] !== undefined) return WORDS[code];
  // `EPROTO` where a write failed: the reason is in the text only.
  const said = /\balert ([a-z ]+):/.exec(message)?.[1]?.toUpperCase().replaceAll(" ", "_");
  const alert = /^ERR_SSL_.*ALERT_(.+)$/.exec(code)?.[1] ?? (code === "EPROTO" ? said : undefined);
  if (alert !== undefined) {
    return ALERTS[alert] ?? `the server ended the TLS connection (${alert.toLowerCase().replaceAll("_", " ")})`;
  }
  if (code.startsWith("ERR_SSL_")) {
    return `the TLS connection failed (${code.slice("ERR_SSL_".length).toLowerCase().replaceAll("_", " ")})`;
  }
  return NODE_HINT.test(message) ? message.replace(NODE_HINT, "") : undefined;
}
