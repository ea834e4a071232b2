/**
 * The command line: one class a command, options, progress on stderr, exit codes. It does no work
 * of its own; what a command asks for is done by a {@link dev.cmoe.cli.Workshop}.
 */
package dev.cmoe.cli;
