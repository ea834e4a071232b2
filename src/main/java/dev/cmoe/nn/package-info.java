/**
 * The decoder, streamed layer by layer: nothing here holds a whole model. Blocks are kernels
 * (resources beside this package); the residual stream between them is float32.
 */
package dev.cmoe.nn;
