import { z } from 'zod'

/** A part of the configuration, as a file has it. */
export function section<Shape extends z.ZodRawShape>(
  doc: string,
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape).describe(doc)
}
