/** The part of the WebAssembly API used here: Node's types declare no values of it. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
  /** By pages of 64 KiB; throws a RangeError when there is no room. */
  grow(pages: number): number
}

export interface WasmTable {
  readonly length: number
  get(index: number): unknown
  set(index: number, value: unknown): void
  grow(by: number): number
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>
}

export interface WasmModule {
  readonly kind?: 'module'
}

type WasmImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>

declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => WasmModule
  readonly Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance
}

/** Takes milliseconds for a module of some hundred KiB, in the caller's turn. */
export function compile(bytes: Uint8Array): WasmModule {
  return new WebAssembly.Module(bytes)
}

export function instantiate(module: WasmModule, imports: WasmImports): WasmInstance {
  return new WebAssembly.Instance(module, imports)
}
