/** The ranges of C's types, as config.c uses them for bounds. */
export const INT_MAX = 2n ** 31n - 1n
export const INT_MIN = -(2n ** 31n)
export const UINT_MAX = 2n ** 32n - 1n
export const LONG_MAX = 2n ** 63n - 1n
export const ULONG_MAX = 2n ** 64n - 1n
export const PORT_MAX = 65_535n
