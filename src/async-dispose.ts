/**
 * `Symbol.asyncDispose` for Node 20.0 to 20.4, which lack it. Exported rather than only set, so that a bundler that trusts
 * `sideEffects: false` can't drop it. Registered under the name that esbuild's and tsx's `await using` look up.
 */
const symbols = Symbol as { asyncDispose?: symbol };
if (symbols.asyncDispose === undefined) {
  Object.defineProperty(Symbol, "asyncDispose", { value: Symbol.for("Symbol.asyncDispose") });
}

export const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose;
