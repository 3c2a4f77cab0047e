// The signals of a daemon: SIGTERM and SIGINT end it, SIGHUP reopens its log file. What ending means is the
// business of whoever awaits it.

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
export function untilStopped(hangup: () => void): Promise<void> {
  process.on("SIGHUP", hangup);
  return new Promise((resolve) => {
    const stop = () => {
      // From here on the default action: who asks twice does not want to wait.
      process.removeAllListeners("SIGTERM");
      process.removeAllListeners("SIGINT");
      resolve();
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
  });
}
