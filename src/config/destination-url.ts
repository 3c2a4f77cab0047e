// A destination's `url`: http or https, a host, a path that ends with a slash, and nothing else. Entry names are
// appended to it segment by segment (docs/PROTOCOL.md), so whatever a URL parser would drop, move or rewrite is refused
// here: then the text in the file is the prefix of every request. Substitutions are allowed in host and path.

import { quoteShort } from "./place.ts";
import { HOST_SUBSTITUTIONS, judgeTemplate } from "./substitution.ts";
import { text } from "./values.ts";

/** The URL as configured, its substitutions unfilled. */
export const destinationUrl = text("a URL such as http://log1.example.com:10655/{hostname}/", (value) => {
  const template = judgeTemplate(value, HOST_SUBSTITUTIONS);
  if ("wrong" in template) return template;
  const wrong = faultOf(value);
  return wrong === undefined ? { value } : { wrong };
});

/** A spelling by which two configured URLs are the same place: letters of scheme and host, default ports. */
export function canonicalUrl(url: string): string {
  return new URL(fillIn(url)).href;
}

/** True where what is sent stays on this host: an address or a name that can be nothing else. */
export function isLoopback({ hostname }: URL): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127(\.[0-9]+){3}$|^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]+\]$/.test(hostname)
  );
}

/** The same for a URL as configured; false where its host holds a substitution. */
export function staysHere(url: string): boolean {
  return isLoopback(new URL(fillIn(url)));
}

export function isHttps(url: string): boolean {
  return /^https:/i.test(url);
}

function faultOf(url: string): string | undefined {
  const shown = quoteShort(url);
  if (url === "") return "is empty";
  if (/[\\"<>^`{|}]|[^!-~]/.test(fillIn(url))) return `${shown} holds a character that a URL must escape as %XX`;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return `${shown} does not begin with http:// or https://`;
  if (scheme !== "http" && scheme !== "https") return `has the scheme ${scheme}, not http or https`;
  if (url.includes("#")) return "has a fragment (#)";
  if (url.includes("?")) return "has a query (?)";
  const [, authority = "", path = ""] = /^[^:]+:\/\/([^/]*)(.*)$/.exec(url) ?? [];
  if (authority.includes("@")) return "has user information (@)";
  if (authority === "" || authority.startsWith(":")) return `${shown} has no host`;
  if (!URL.canParse(fillIn(url))) return `${shown} is no URL: its host or port is not valid`;
  if (!path.endsWith("/")) return "does not end with a slash";
  if (/%(?![0-9a-f]{2})/i.test(path)) return "has a % that two hexadecimal digits do not follow";
  if (/\/(\.|%2e){1,2}\//i.test(path)) return "has a path segment that is only dots";
  return undefined;
}

/** Something in the place of each substitution that a host name may hold and nobody writes. */
function fillIn(url: string): string {
  return HOST_SUBSTITUTIONS.reduce((filled, word) => filled.replaceAll(`{${word}}`, `x-substituted-${word}-x`), url);
}
