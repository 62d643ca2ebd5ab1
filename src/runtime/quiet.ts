/**
 * @file Keeps ONNX Runtime from telling anybody that it runs. Its published builds (since 1.29, other than Windows) give
 * the user a lasting id, note which models are opened, and send that to their makers. Imported before the runtime, which
 * looks at the environment as it starts. Where the variable is set already, it stays.
 */
process.env.ORT_DISABLE_TELEMETRY ??= '1';
