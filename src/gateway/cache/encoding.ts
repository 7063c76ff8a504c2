/** How a body is written: RFC 9110, section 8.4.1. */
export type Encoding = 'identity' | 'gzip' | 'br'

/** Those an answer can be compressed with, the smaller one first. */
export const COMPRESSIONS = ['br', 'gzip'] as const
export type Compression = (typeof COMPRESSIONS)[number]
