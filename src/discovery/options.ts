// What the configuration says of discovery, after reading: one object per `scan_paths` entry. What a key means is
// written in docs/CONFIGURATION.md.

export interface PatternOptions {
  /** `name`: what `{name}` stands for. */
  readonly name: string;
  /** `pattern`: an absolute minimatch pattern. */
  readonly pattern: string;
  /** `exclude`: minimatch; matched against the base name where it holds no slash. */
  readonly exclude?: string | undefined;
  /** `rename`: template of the entry's name. */
  readonly rename: string;
  /** `regex_from`, `regex_to`: substitution on the whole source path; wins over `rename`. */
  readonly regex?: { readonly from: RegExp; readonly to: string } | undefined;
  /** `follow_symlinks` */
  readonly followSymlinks: boolean;
  /** `datadir`: this pattern's own spool; undefined means the client's. */
  readonly datadir?: string | undefined;
}
