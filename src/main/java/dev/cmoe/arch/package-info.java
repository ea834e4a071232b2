/**
 * What models look like: one small class for each dense family and for each MoE layout, chosen from
 * two explicit lists. A family says how {@code config.json} is read and what tensors are called; it
 * computes nothing.
 */
package dev.cmoe.arch;
