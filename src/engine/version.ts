/** The Redis whose behaviour the engine has: what INFO and HELLO tell clients that ask for a feature. */
export const ENGINE_VERSION = '7.0.15'
