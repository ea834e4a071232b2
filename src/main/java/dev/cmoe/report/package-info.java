/**
 * What a finished run has to say, as data, as JSON and as one HTML page. Pure functions of the
 * records here: nothing reads a model, a clock or the environment, and equal records give equal
 * bytes.
 */
package dev.cmoe.report;
