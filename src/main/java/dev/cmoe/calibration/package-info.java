/** Text files in, windows of token ids out. */
package dev.cmoe.calibration;
