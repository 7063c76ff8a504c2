export { type Admin, type AdminDependencies, type AdminOptions, createAdmin } from './admin.ts'
export type { ProcessStats, Stats, StoreStats } from './stats.ts'
