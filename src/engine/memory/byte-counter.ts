/** A sum that many parts add to and take from, so that nobody has to ask them all. */
export class ByteCounter {
  bytes = 0
}
