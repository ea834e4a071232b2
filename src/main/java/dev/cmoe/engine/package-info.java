/**
 * The only door to DJL and TorchScript. {@link dev.cmoe.engine.Engine} starts libtorch, {@link
 * dev.cmoe.engine.Scope} owns tensors, {@link dev.cmoe.engine.Kernel} runs a block of work from
 * readable text. Nothing outside this room imports {@code ai.djl}.
 */
package dev.cmoe.engine;
