// What the server shows and whom it trusts: TLS files and tokens, read at start and again when they change on disk
// or at SIGHUP. Promises: what cannot be used keeps it from starting, and later leaves what works in force and is told;
// a change of CA or revocation list takes effect at once, for connections that are open too; the end of a certificate
// is told from 30 days before. docs/SECURITY.md.

import { StartFailure } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import { quoteText } from "../base/text.ts";
import type { ServerConfig } from "../config/options.ts";
import type { Ingest } from "../ingest/ingest.ts";
import { parseTokens, type Tokens } from "../ingest/tokens.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { FileChanges } from "../platform/file-changes.ts";
import type { TlsMaterial } from "../platform/http-server.ts";
import type { LoadedTls } from "../platform/server-tls-files.ts";
import { readText, TlsFileError } from "../platform/tls-files.ts";
import { cannotReload, expiring, needsRestart, reloaded, tokensReloaded } from "./server-events.ts";

const DAY = 86_400_000;
/** Days before its end from which on a certificate is warned of, daily. */
const WARN_DAYS = 30;

type LoadTls = typeof import("../platform/server-tls-files.ts");

/** Open from `load` until `stop`. */
export class ServerCredentials {
  readonly #config: ServerConfig;
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #loader: LoadTls | undefined;
  #tls: LoadedTls | undefined;
  #tokens: Tokens | undefined;
  #ingest: Ingest | undefined;
  #changes: FileChanges | undefined;
  #daily: Timer | undefined;

  private constructor(config: ServerConfig, clock: Clock, emit: Emit, loader: LoadTls | undefined) {
    this.#config = config;
    this.#clock = clock;
    this.#emit = emit;
    this.#loader = loader;
    this.#tls = this.#loadTls();
    this.#tokens = this.#loadTokens();
  }

  /** Throws StartFailure where a file cannot be used. */
  static async load(config: ServerConfig, clock: Clock, emit: Emit): Promise<ServerCredentials> {
    const loader = config.tls === undefined ? undefined : await import("../platform/server-tls-files.ts");
    try {
      return new ServerCredentials(config, clock, emit, loader);
    } catch (error) {
      if (error instanceof TlsFileError) throw new StartFailure(`${error.message} (${config.path})`);
      throw error;
    }
  }

  get tls(): TlsMaterial | undefined {
    return this.#tls?.material;
  }

  get tokens(): Tokens | undefined {
    return this.#tokens;
  }

  /** Days until the first of the server's certificates and CAs ends; undefined where it has none. */
  get daysLeft(): number | undefined {
    const ends = this.#tls?.expiries.map(({ at }) => at) ?? [];
    return ends.length === 0 ? undefined : Math.floor((Math.min(...ends) - this.#clock.now()) / DAY);
  }

  /** From here on changes are noticed and given to `ingest`. */
  watch(ingest: Ingest): void {
    this.#ingest = ingest;
    const { tokensFile } = this.#config;
    const paths = [
      ...(this.#config.tls === undefined ? [] : (this.#loader?.pathsOf(this.#config.tls) ?? [])),
      ...(tokensFile === undefined ? [] : [tokensFile]),
    ];
    if (paths.length === 0) return;
    this.#changes = new FileChanges(this.#clock, paths, () => this.#reload());
    this.#tellExpiry();
  }

  /** Reads everything anew now. */
  reload(): void {
    if (this.#changes === undefined) return;
    this.#changes.taken();
    this.#reload();
  }

  stop(): void {
    this.#changes?.stop();
    this.#daily?.cancel();
  }

  #reload(): void {
    this.#attempt(() => {
      const before = this.#tls;
      const tls = this.#loadTls();
      if (tls === undefined || this.#ingest === undefined) return;
      this.#refuseWorse(before, tls);
      const distrust = before?.trust !== tls.trust;
      if (!this.#ingest.renew(tls.material, distrust)) {
        this.#emit(needsRestart());
        return;
      }
      this.#tls = tls;
      this.#emit(reloaded(tls.expiries[0], this.#clock.now(), distrust));
      this.#tellExpiry();
    });
    this.#attempt(() => {
      this.#tokens = this.#loadTokens();
      if (this.#tokens !== undefined) this.#emit(tokensReloaded(this.#tokens.count));
    });
  }

  /** A certificate that does not hold now is no successor of one that does. */
  #refuseWorse(before: LoadedTls | undefined, tls: LoadedTls): void {
    const now = this.#clock.now();
    if (before === undefined || this.#loader?.holds(before, now) !== true || this.#loader.holds(tls, now)) return;
    const path = this.#config.tls?.cert ?? "";
    throw new TlsFileError(`The certificate in ${quoteText(path)} has expired or is not valid yet`);
  }

  /** What works stays in force where something new does not. */
  #attempt(load: () => void): void {
    try {
      load();
    } catch (error) {
      if (!(error instanceof TlsFileError)) throw error;
      this.#emit(cannotReload(error));
    }
  }

  #loadTls(): LoadedTls | undefined {
    return this.#config.tls === undefined ? undefined : this.#loader?.loadServerTls(this.#config.tls);
  }

  #loadTokens(): Tokens | undefined {
    const path = this.#config.tokensFile;
    if (path === undefined) return undefined;
    const tokens = parseTokens(readText(path, refuseWritable));
    if ("wrong" in tokens) throw new TlsFileError(`${quoteText(path)}: ${tokens.wrong}`);
    return tokens;
  }

  #tellExpiry(): void {
    this.#daily?.cancel();
    const now = this.#clock.now();
    for (const expiry of this.#tls?.expiries ?? []) {
      if (expiry.at - now < WARN_DAYS * DAY) this.#emit(expiring(expiry, now));
    }
    this.#daily = this.#clock.after(DAY, () => this.#tellExpiry());
  }
}

/** Who may change the file may let anybody in. */
function refuseWritable(path: string, { mode }: { readonly mode: number }): void {
  if ((mode & 0o022) === 0) return;
  throw new TlsFileError(`${quoteText(path)} can be changed by others: chmod 600 ${path}`);
}
