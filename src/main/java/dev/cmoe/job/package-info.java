/**
 * What each command does, from its request to its result: opens models, calls the rooms that
 * compute, writes outputs. Renders nothing.
 */
package dev.cmoe.job;
