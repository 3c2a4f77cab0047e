// What the command line hands to each command, and the exit codes a command may hand back.
// Values are as typed (a time stays text); the command reads them. command-table.ts names the options.

export interface ClientFlags {
  readonly config: string;
  readonly debug: boolean;
  readonly stdout: boolean;
}

export interface ServerFlags {
  readonly config: string;
  readonly debug: boolean;
  readonly stdout: boolean;
}

export interface SyncOnceFlags {
  readonly config: string;
  /** Stands for the root of the file system. */
  readonly base: string | undefined;
  /** Instead of the host's own name. */
  readonly hostname: string | undefined;
  /** `60s`, `5m` or a number of milliseconds. */
  readonly timeout: string;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly quiet: boolean;
}

export interface StatusFlags {
  /** undefined: where the client's lies, or the server's. */
  readonly config: string | undefined;
  /** The configuration is a server's. */
  readonly server: boolean;
  readonly json: boolean;
  readonly watch: boolean;
}

export interface VerifyFlags {
  /** undefined: where the client's lies, or the server's where that is asked for. */
  readonly config: string | undefined;
  /** The configuration is a server's. */
  readonly server: boolean;
  readonly base: string | undefined;
  readonly hostname: string | undefined;
  readonly timeout: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

export interface RepairFlags {
  readonly config: string;
  /** Files to look at; none: all. */
  readonly paths: readonly string[];
  /** The file to cut, and to how many bytes. */
  readonly cut: string | undefined;
  readonly to: string | undefined;
}

export interface ArchiveFlags {
  readonly config: string;
  readonly now: boolean;
  /** Files, or directories with all files below. */
  readonly paths: readonly string[];
}

export interface PkiFlags {
  readonly dir?: string | undefined;
  /** Of the authority. */
  readonly name?: string | undefined;
  readonly server?: string | undefined;
  readonly client?: string | undefined;
  readonly days?: string | undefined;
}

export interface CheckFlags {
  /** undefined: whatever is configured on this host. */
  readonly config: string | undefined;
  readonly json: boolean;
  readonly strict: boolean;
}

export interface SetupLogrotateFlags {
  /** Nobody is asked. */
  readonly yes: boolean;
}

export interface InitClientFlags {
  readonly config: string;
  /** URLs with commas between. */
  readonly destination: string | undefined;
  /** Patterns with commas between. */
  readonly pattern: string | undefined;
  readonly datadir: string | undefined;
  readonly force: boolean;
}

export interface InitServerFlags {
  readonly config: string;
  readonly datadir: string | undefined;
  readonly address: string | undefined;
  readonly force: boolean;
}

/** Exit codes; `shaftlog sync-once --help` tells them to the user. */
export const EXIT = {
  /** sync-once: every byte is durable everywhere; verify: all is equal; client, server: stopped as asked. */
  OK: 0,
  /** sync-once: time ran out; verify: something is behind, missing or could not be compared; status: in error; check: an error was found. */
  INCOMPLETE: 1,
  /** Nothing was started: command line, configuration, or a resource that is taken. */
  USAGE: 2,
  /** sync-once: trying again will not help; verify, repair: something is not what it must be; status: nobody answers. */
  REFUSED: 3,
  /** sync-once: another one, or a client that cannot be asked to deliver, has the datadir. */
  OWNED: 4,
  /** A bug. */
  INTERNAL: 70,
} as const;
