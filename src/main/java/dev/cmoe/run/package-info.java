/**
 * What a run says while it works and when it fails: typed events and one exception type. Every
 * other room may use this one; it uses nothing.
 */
package dev.cmoe.run;
