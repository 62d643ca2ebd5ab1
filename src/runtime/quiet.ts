/**
 * @file Keeps ONNX Runtime from telling anybody that it runs. Its published builds (since 1.29) for Linux and macOS give
 * the user a lasting id, note which models are opened, and send that to their makers. Imported before the runtime, which
 * looks at the environment as it starts. Where the variable is set already, it stays.
 *
 * Out of reach are the build for Windows, which does not look at the variable and hands its events to Windows, and a worker
 * thread, whose environment is a copy that the runtime does not see: there the main thread imports this first.
 */
process.env.ORT_DISABLE_TELEMETRY ??= '1';
