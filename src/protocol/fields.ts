// Header fields and numbers that both halves must agree on. Pure.
// docs/PROTOCOL.md is the normative text.

/** Where the file ends: its durable size in bytes. On every answer about a path. (draft-ietf-httpbis-resumable-upload) */
export const UPLOAD_OFFSET = "upload-offset";

/** An id made at the server's start. When it changes, all that was believed of that server is unknown again. */
export const SERVER_START = "shaftlog-start";

/** A writer whose body is incomplete and that sent nothing for this long, in ms, yields to the next one. */
export const SILENT_WRITER = 2_000;

/** A client gives up on a request after this long, in ms, without progress in either direction. */
export const NO_PROGRESS = 10_000;

/** While a server reads a file in order to judge or tell its digest, it says so every so many ms (102). */
export const PROCESSING = 3_000;

/** The largest range of one PUT, in bytes, that a server must take unless it is configured lower. */
export const MAX_RANGE = 64 * 1024 * 1024;

/** The content coding of compressed bodies (RFC 8878). */
export const CODING = "zstd";

/** The largest range of one PUT whose body is compressed, in bytes: it is decoded in memory. */
export const MAX_CODED_RANGE = 8 * 1024 * 1024;

/** The longest request target, in bytes. */
export const MAX_TARGET = 4096;
