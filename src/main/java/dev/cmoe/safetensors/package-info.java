/**
 * The safetensors file format, read through memory maps and written as a stream. Uses the JDK and
 * {@link dev.cmoe.run} only. Every complaint about a file names the file, the tensor and the byte.
 */
package dev.cmoe.safetensors;
