// wasm-base64.js is written by scripts/build.mjs.
declare const base64: string;
export default base64;
