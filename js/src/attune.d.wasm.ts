declare const attune: WebAssembly.Module;
export default attune;
