/**
 * A model directory in and out: configuration, weights in one file or many, tokenizer and side
 * files, manifest and model card, and the staging that keeps an unfinished output from looking
 * complete.
 */
package dev.cmoe.checkpoint;
