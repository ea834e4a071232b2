package dev.cmoe.vector;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Words of 32 bits, of two bfloat16 values each: the even one low, the odd one high. */
final class Words {
  static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

  /** Words in a vector. */
  static final int LANES = FLOATS.length();

  private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_PREFERRED;

  private Words() {}

  /** A vector of them from byte {@code at} on. */
  static IntVector at(ByteBuffer memory, int at) {
    return ByteVector.fromByteBuffer(BYTES, memory, at, ByteOrder.LITTLE_ENDIAN)
        .reinterpretAsInts();
  }

  static FloatVector even(IntVector words) {
    return words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  static FloatVector odd(IntVector words) {
    return words.and(0xffff0000).reinterpretAsFloats();
  }

  /**
   * The sum of a vector's lanes. Java leaves the order open; those that {@link VectorModule} lets
   * in add from the first to the last, whether this is compiled yet or not.
   */
  static float sum(FloatVector vector) {
    return vector.reduceLanes(VectorOperators.ADD);
  }

  static float even(int word) {
    return Float.intBitsToFloat(word << 16);
  }

  static float odd(int word) {
    return Float.intBitsToFloat(word & 0xffff0000);
  }
}
