export { type Admin, type AdminOptions, createAdmin } from './admin.ts'
export type { AdminDependencies } from './admin-dependencies.ts'
export type { ProcessStats, Stats, StoreStats } from './stats.ts'
