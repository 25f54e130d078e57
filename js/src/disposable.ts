/** Lets `using` call dispose(), where the engine knows Symbol.dispose. */
export function makeDisposable(type: { prototype: { dispose(): void } }): void {
  if (!Symbol.dispose) return;
  Object.defineProperty(type.prototype, Symbol.dispose, {
    value: type.prototype.dispose,
    writable: true,
    configurable: true,
  });
}
