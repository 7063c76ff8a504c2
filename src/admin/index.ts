export type { Admin, AdminDependencies, AdminOptions, CreateAdmin } from './admin.ts'
