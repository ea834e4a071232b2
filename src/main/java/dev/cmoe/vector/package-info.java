/**
 * The bfloat16 format, and products of such weights with one row, on the vector API of the JDK (an
 * incubating module), where they lie in memory, and threads that share them. Knows nothing of the
 * engine or of models.
 */
package dev.cmoe.vector;
