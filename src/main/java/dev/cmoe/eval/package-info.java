/** How good a model is: perplexity, and divergence from the dense model it came from. */
package dev.cmoe.eval;
