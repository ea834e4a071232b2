/**
 * Recovers by light training what carving lost: low-rank adapters, gate scales, routers and the
 * balance of load (CMoE 1.6, 1.7 and 1.9), one layer's activations at a time.
 */
package dev.cmoe.finetune;
